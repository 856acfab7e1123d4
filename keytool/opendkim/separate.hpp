// Rewrites a signing table whose lines all apply (opendkim's MultipleSignatures) into one whose first match
// decides, as dkimsignd's rules do.
//
// With MultipleSignatures, mail is signed with the keys of every line that matches its author:
// "*@example.com" and "joe@*" both sign for joe@example.com. The same decisions by the first match alone take
// three steps:
//
//   1. Close the patterns under overlap: wherever two of them have addresses in common, add the pattern of
//      their common part (joe@example.com), and go on with the added ones until nothing new comes up. Among
//      the patterns that match an address, one is then the smallest: it lies within all the others.
//   2. Give each pattern the keys of all lines that cover it.
//   3. Put the smaller patterns before the larger ones. The first match is then the smallest, and has all
//      the keys.
//
// Pure; never fails. If the overlap of two patterns is no pattern itself, or there are too many of them, a
// remark says that such mail gets the signatures of the first pattern only.
#pragma once

#include <vector>

#include "keytool/opendkim/remark.hpp"
#include "keytool/opendkim/rule_plan.hpp"

namespace dkim::keytool::opendkim {

struct Separated {
  std::vector<Binding> bindings;  // the first match decides
  Remarks remarks;
};

Separated separate(const std::vector<Binding>& bindings);

}  // namespace dkim::keytool::opendkim
