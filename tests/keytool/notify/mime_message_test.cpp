// Writes messages; tests/keytool/notify_test.py reads them with another program.
#include "keytool/notify/mime_message.hpp"

#include <gtest/gtest.h>

namespace dkim::keytool {
namespace {

MimeMessage sample() {
  return {.from = "dkimkey <root>",
          .to = "root",
          .subject = "DKIM: done",
          .message_id = "1@host",
          .boundary = "=_b",
          .date = crypto::UtcTime(std::chrono::seconds(1'795'723'505)),
          .text = "Text.\n",
          .attachment = {}};
}

TEST(MimeMessage, is_text_in_seven_bits) {
  EXPECT_EQ(mime_text(sample()),
            "From: dkimkey <root>\n"
            "To: root\n"
            "Subject: DKIM: done\n"
            "Date: Thu, 26 Nov 2026 20:05:05 +0000\n"
            "Message-ID: <1@host>\n"
            "Auto-Submitted: auto-generated\n"
            "MIME-Version: 1.0\n"
            "Content-Type: text/plain; charset=us-ascii\n"
            "Content-Transfer-Encoding: 7bit\n"
            "\n"
            "Text.\n");
}

TEST(MimeMessage, has_an_attachment) {
  auto message = sample();
  message.attachment = MimeText{.file_name = "a.txt", .text = "Attached.\n"};
  const auto text = mime_text(message);
  EXPECT_EQ(text.substr(text.find("MIME-Version")),
            "MIME-Version: 1.0\n"
            "Content-Type: multipart/mixed; boundary=\"=_b\"\n"
            "\n"
            "--=_b\n"
            "Content-Type: text/plain; charset=us-ascii\n"
            "Content-Transfer-Encoding: 7bit\n"
            "\n"
            "Text.\n"
            "\n"
            "--=_b\n"
            "Content-Type: text/plain; charset=us-ascii\n"
            "Content-Transfer-Encoding: 7bit\n"
            "Content-Disposition: attachment; filename=\"a.txt\"\n"
            "\n"
            "Attached.\n"
            "\n"
            "--=_b--\n");
}

TEST(MimeMessage, encodes_lines_that_smtp_would_break) {
  auto message = sample();
  message.text = std::string(990, 'x') + "\n";
  EXPECT_NE(mime_text(message).find("7bit"), std::string::npos);
  message.text = std::string(991, 'x') + "\n";
  const auto text = mime_text(message);
  EXPECT_EQ(text.find("7bit"), std::string::npos);
  EXPECT_NE(text.find("Content-Transfer-Encoding: base64\n\neHh4"), std::string::npos);
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    ASSERT_NE(end, std::string::npos);
    EXPECT_LE(end - at, 78U);
    at = end + 1;
  }
}

TEST(MimeMessage, takes_nothing_for_a_line_or_a_field_that_is_none) {
  auto message = sample();
  message.subject = "x\nBcc: y\r\nz\xC3\xA4\x1b";
  message.text = "a\rb\x1b\xC3\xA4\tc\n";
  const auto text = mime_text(message);
  EXPECT_NE(text.find("Subject: x Bcc: y? z???\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\n\na?b???\tc\n"), std::string::npos) << text;
}

TEST(MessageDate, is_that_of_rfc_5322) {
  EXPECT_EQ(message_date(crypto::UtcTime{}), "Thu, 01 Jan 1970 00:00:00 +0000");
  EXPECT_EQ(message_date(crypto::UtcTime(std::chrono::seconds(4'102'444'799))),
            "Thu, 31 Dec 2099 23:59:59 +0000");
}

}  // namespace
}  // namespace dkim::keytool
