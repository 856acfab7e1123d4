// What is to be done to a record in DNS.
#pragma once

namespace dkim::keytool {

enum class RecordAction { set, remove };

}  // namespace dkim::keytool
