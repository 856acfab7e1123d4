"""The shapes that a message can have: the catalogue of the mail flow test.

Each shape is a function of the author domain that returns the bytes of a message. Lines end with CRLF. A
shape says in which ways it can come in (SMTP, BDAT, sendmail). Lone CR and LF are left out: the verifiers do
not agree about them.
"""

import base64
import dataclasses
import hashlib
from typing import Callable

SMTP, BDAT, SENDMAIL = "smtp", "bdat", "sendmail"

DATE = b"Date: Tue, 24 Nov 2026 06:00:00 +0000\r\n"
MIME = b"MIME-Version: 1.0\r\n"
TEXT = b"Disk /dev/sda1 is 91 % full.\r\n\r\n-- \r\nPrometheus\r\n"


@dataclasses.dataclass(frozen=True)
class Shape:
    name: str
    build: Callable[[str], bytes]
    ways: tuple = (SMTP, SENDMAIL)
    smtputf8: bool = False
    # The domain that signs, if it is not the author domain that was asked for.
    domain: str | None = None
    # How many signatures of others the message already has.
    foreign_signatures: int = 0
    # Judges that refuse a correct signature: under relaxed, they take VT and FF in a header field for white
    # space, which RFC 6376 3.4.2 does not.
    misjudged_by: tuple = ()


SHAPES = []


def shape(**options):
    """Registers a function as a shape; its name is the function's."""
    def register(function):
        SHAPES.append(Shape(function.__name__, function, **options))
        return function
    return register


def head(domain, *, author=None, subject=b"Subject: Disk full\r\n", to=b"To: admin@receiver.example\r\n",
         date=DATE, message_id=None, more=b""):
    if author is None:
        author = f"From: Alerts <alerts@{domain}>\r\n".encode()
    if message_id is None:
        message_id = f"Message-ID: <20261124.1@{domain}>\r\n".encode()
    return author + to + subject + date + message_id + more


def letter(domain, body=TEXT, **parts):
    return head(domain, **parts) + b"\r\n" + body


def noise(count):
    """Returns bytes that do not compress or repeat, the same in every run."""
    return hashlib.shake_128(b"dkimsignd").digest(count)


# --- header fields and their folds ---------------------------------------------------------------

@shape()
def plain(domain):
    return letter(domain)


@shape()
def value_on_the_line_after_the_colon(domain):
    return letter(domain, subject=b"Subject:\r\n Disk full\r\n")


@shape()
def value_after_the_colon_folded_by_a_tab(domain):
    return letter(domain, subject=b"Subject:\r\n\tDisk\r\n\tfull\r\n")


@shape()
def every_field_begins_on_the_next_line(domain):
    return (f"From:\r\n Alerts\r\n <alerts@{domain}>\r\n".encode() + b"To:\r\n admin@receiver.example\r\n"
            b"Subject:\r\n Disk full\r\nDate:\r\n Tue, 24 Nov 2026 06:00:00 +0000\r\n"
            + f"Message-ID:\r\n <20261124.1@{domain}>\r\n".encode() + b"\r\n" + TEXT)


@shape()
def no_space_after_the_colon(domain):
    return letter(domain, subject=b"Subject:Disk full\r\n", author=f"From:alerts@{domain}\r\n".encode(),
                  date=DATE.replace(b": ", b":"))


@shape()
def tab_after_the_colon(domain):
    return letter(domain, subject=b"Subject:\tDisk full\r\n", to=b"To:\t admin@receiver.example\r\n")


@shape()
def many_spaces_after_the_colon(domain):
    return letter(domain, subject=b"Subject:     Disk full\r\n", date=DATE.replace(b": ", b":  \t  "))


@shape()
def fold_of_only_white_space(domain):
    return letter(domain, subject=b"Subject: Disk\r\n \r\n full\r\n\t \r\n again\r\n")


@shape()
def trailing_white_space_in_fields(domain):
    return letter(domain, subject=b"Subject: Disk full  \t\r\n", to=b"To: admin@receiver.example \r\n")


@shape()
def trailing_white_space_before_a_fold(domain):
    return letter(domain, subject=b"Subject: Disk \t\r\n  full \r\n\t \tnow\r\n")


@shape()
def runs_of_white_space_in_a_value(domain):
    return letter(domain, subject=b"Subject: Disk   is \t  full\t\tnow\r\n")


@shape(misjudged_by=("OpenDKIM",))
def vertical_tab_and_form_feed_in_a_value(domain):
    return letter(domain, subject=b"Subject: Disk \x0b full\x0c \x0c now\r\n")


@shape(misjudged_by=("dkimpy", "Mail::DKIM", "OpenDKIM"))
def vertical_tab_and_form_feed_at_the_ends_of_a_value(domain):
    return letter(domain, subject=b"Subject: \x0bDisk full\x0c\r\n", more=b"X-Tail: a \x0c\r\n")


@shape()
def empty_value(domain):
    return letter(domain, subject=b"Subject:\r\n", more=b"In-Reply-To:\r\n")


@shape()
def value_of_only_white_space(domain):
    return letter(domain, subject=b"Subject: \t  \r\n")


@shape()
def value_of_only_folds(domain):
    return letter(domain, subject=b"Subject: \r\n \r\n\t\r\n  \r\n")


@shape()
def long_references_folded(domain):
    ids = b"\r\n ".join(b"<%040x@mail.receiver.example>" % n for n in range(60))
    return letter(domain, more=b"References: " + ids + b"\r\nIn-Reply-To: <" + b"%040x" % 59
                  + b"@mail.receiver.example>\r\n")


@shape()
def references_on_a_line_of_998(domain):
    ids = b" ".join(b"<%036x@r.example>" % n for n in range(20))
    line = b"References: " + ids
    return letter(domain, more=line + b" " + b"<" + b"z" * (998 - len(line) - 3) + b">\r\n")


@shape()
def names_in_odd_case(domain):
    return (f"fROM: alerts@{domain}\r\n".encode() + b"TO: admin@receiver.example\r\nsubJECT: Disk full\r\n"
            b"DATE: Tue, 24 Nov 2026 06:00:00 +0000\r\n" + f"message-id: <1@{domain}>\r\n".encode()
            + b"MIME-VERSION: 1.0\r\ncontent-TYPE: text/plain\r\n\r\n" + TEXT)


@shape()
def two_subjects(domain):
    return letter(domain, subject=b"Subject: first\r\nSubject: second\r\n")


@shape()
def two_to(domain):
    return letter(domain, to=b"To: admin@receiver.example\r\nTo: other@receiver.example\r\n")


@shape()
def many_repeated_fields(domain):
    return letter(domain, to=b"To: a@receiver.example\r\nCc: b@receiver.example\r\nTo: c@receiver.example\r\n"
                  b"Cc: d@receiver.example\r\nCc: e@receiver.example\r\n",
                  subject=b"Subject: 1\r\nSubject: 2\r\nSubject: 3\r\n",
                  more=b"Reply-To: f@receiver.example\r\nReply-To: g@receiver.example\r\n")


@shape()
def two_dates_and_message_ids(domain):
    return letter(domain, date=DATE + b"Date: Mon, 23 Nov 2026 06:00:00 +0000\r\n",
                  message_id=f"Message-ID: <1@{domain}>\r\nMessage-ID: <2@{domain}>\r\n".encode())


@shape()
def date_is_missing(domain):
    return letter(domain, date=b"")


@shape()
def message_id_is_missing(domain):
    return letter(domain, message_id=b"")


@shape()
def date_message_id_and_to_are_missing(domain):
    return letter(domain, date=b"", message_id=b"", to=b"")


@shape()
def only_from(domain):
    return f"From: alerts@{domain}\r\n\r\n".encode() + TEXT


@shape()
def white_space_before_the_colon(domain):
    # Postfix removes it from the message itself, not only from what the milter sees: simple verifies.
    return letter(domain, subject=b"Subject : Disk full\r\n")


@shape()
def date_with_a_comment(domain):
    return letter(domain, date=b"Date: Tue, 24 Nov 2026 06:00:00 +0000\r\n (UTC (not local))\r\n")


@shape()
def strange_field_names(domain):
    return letter(domain, more=b"X-Foo!#$%&'*+^_`{|}~.-: 1\r\nX: 2\r\n9: 3\r\n(: 4\r\n")


@shape()
def thousand_fields(domain):
    return letter(domain, more=b"".join(b"X-Label-%d: %d\r\n" % (n, n) for n in range(1000)))


@shape()
def field_of_60_kb(domain):
    return letter(domain, more=b"Keywords: " + b",\r\n ".join(b"word%05d" % n for n in range(5000)) + b"\r\n")


@shape()
def subject_without_a_place_to_fold(domain):
    return letter(domain, subject=b"Subject: " + b"x" * 900 + b"\r\n")


@shape()
def list_fields(domain):
    return letter(domain, more=b"List-Id: Alerts <alerts.lists.example>\r\n"
                  b"List-Unsubscribe: <https://lists.example/u?1>,\r\n <mailto:u@lists.example>\r\n"
                  b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nList-Help: <mailto:h@lists.example>\r\n"
                  b"List-Archive: <https://lists.example/>\r\nAuto-Submitted: auto-generated\r\nPrecedence: bulk\r\n"
                  b"Feedback-ID: 1:2:3:example\r\n")


@shape()
def resent_twice(domain):
    block = (f"Resent-From: alerts@{domain}\r\n".encode() + b"Resent-To: a@receiver.example\r\n"
             b"Resent-Date: Tue, 24 Nov 2026 07:00:00 +0000\r\nResent-Message-ID: <r%d@receiver.example>\r\n")
    return block % 1 + block % 2 + letter(domain)


@shape()
def trace_of_a_long_way(domain):
    hops = b"".join(b"Received: from h%d.example (h%d.example [192.0.2.%d])\r\n\tby h%d.example with ESMTP id %d\r\n"
                    b"\tfor <a@b.example>; Tue, 24 Nov 2026 05:00:%02d +0000\r\n" % (n, n, n, n + 1, n, n)
                    for n in range(9))
    return hops + b"Authentication-Results: h9.example; dkim=none\r\n" + letter(domain)


@shape()
def fields_that_postfix_drops(domain):
    return letter(domain, more=b"Bcc: secret@receiver.example\r\nReturn-Path: <old@receiver.example>\r\n"
                  b"Content-Length: 12\r\n")


@shape()
def sender_asks_for_a_canonicalization(domain):
    return letter(domain, more=b"X-Canonicalization: simple/simple\r\nX-DKIM-Options: c=simple\r\n")


@shape()
def autocrypt_and_content_fields(domain):
    key = base64.encodebytes(noise(600)).replace(b"\n", b"\r\n ").rstrip()
    return letter(domain, more=MIME + f"Autocrypt: addr=alerts@{domain}; keydata=\r\n ".encode() + key + b"\r\n"
                  b"Content-Type: text/plain;\r\n\tcharset=us-ascii\r\nContent-ID: <p@x.example>\r\n"
                  b"Content-Description: what is\r\n  full\r\nContent-Transfer-Encoding: 7bit\r\n")


# --- authors -------------------------------------------------------------------------------------

@shape()
def bare_address(domain):
    return letter(domain, author=f"From: alerts@{domain}\r\n".encode())


@shape()
def several_mailboxes(domain):
    return letter(domain, author=f"From: Alice <alice@{domain}>, Bob <bob@receiver.example>\r\n"
                  f"Sender: alice@{domain}\r\n".encode())


@shape()
def second_mailbox_is_ours(domain):
    return letter(domain, author=f"From: Bob <bob@foreign.example>, Alice <alice@{domain}>\r\n"
                  f"Sender: alice@{domain}\r\n".encode())


@shape()
def group_of_mailboxes(domain):
    return letter(domain, author=f"From: Alerts: a@{domain}, \"B, C\" <b@{domain}>;\r\n".encode())


@shape()
def comments_in_from(domain):
    return letter(domain, author=f"From: (the (nested) \\) one) alerts@{domain} (Alert Manager @foreign.example)\r\n"
                  .encode())


@shape()
def quoted_local_part(domain):
    return letter(domain, author=f"From: \"odd@local, part\"@{domain}\r\n".encode())


@shape()
def display_name_with_another_address(domain):
    return letter(domain, author=f"From: \"ceo@bank.example\" <alerts@{domain}>\r\n".encode())


@shape()
def display_name_with_escapes(domain):
    return letter(domain, author=f"From: \"A \\\"B\\\", <x@y.example> \\\\ C\" <alerts@{domain}>\r\n".encode())


@shape()
def source_route(domain):
    return letter(domain, author=f"From: Alerts <@relay.example,@relay2.example:alerts@{domain}>\r\n".encode())


@shape()
def folded_from(domain):
    return letter(domain, author=f"From: \"Alert\r\n Manager\"\r\n\t(on duty)\r\n <alerts@{domain}>\r\n".encode())


@shape()
def subdomain_of_the_key(domain):
    return letter(domain, author=f"From: root@server.{domain}\r\n".encode())


@shape()
def deep_subdomain_of_the_key(domain):
    return letter(domain, author=f"From: root@a.b.c.d.e.{domain}\r\n".encode())


@shape()
def domain_in_upper_case(domain):
    return letter(domain, author=f"From: Alerts <Alerts@{domain.upper()}>\r\n".encode())


@shape()
def encoded_words(domain):
    return letter(domain, author=b"From: =?UTF-8?B?SsO8cmdlbg==?=\r\n"
                  + f" =?UTF-8?Q?_M=C3=BCller?= <jm@{domain}>\r\n".encode(),
                  subject=b"Subject: =?utf-8?q?=C3=84rger?=\r\n =?utf-8?q?_mit_der_Platte?=\r\n")


# --- 8-bit and internationalized -----------------------------------------------------------------

@shape()
def utf8_body(domain):
    return letter(domain, "Platte voll: 91 %, größer wird’s nicht — ☠\r\n".encode(),
                  more=MIME + b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n")


@shape()
def latin1_body_without_mime(domain):
    return letter(domain, "Platte voll, größer wird's nicht\r\n".encode("latin-1"))


@shape()
def raw_8bit_subject_without_smtputf8(domain):
    return letter(domain, subject="Subject: Plätte völl\r\n".encode("latin-1"))


@shape(ways=(SMTP, BDAT, SENDMAIL), smtputf8=True)
def utf8_display_name(domain):
    return letter(domain, author=f"From: Jürgen Müller <jm@{domain}>\r\n".encode())


@shape(smtputf8=True)
def utf8_local_part(domain):
    return letter(domain, author=f"From: <jürgen@{domain}>\r\n".encode())


@shape(smtputf8=True)
def utf8_in_many_fields(domain):
    return letter(domain, author=f"From: \"Д. Админ\" <дежурный@{domain}>\r\n".encode(),
                  subject="Subject: 磁盘已满\r\n  и ещё\r\n".encode(),
                  to="To: Администратор <admin@receiver.example>\r\n".encode(),
                  more="Content-Description: größer\r\n".encode())


@shape(smtputf8=True, domain="xn--mnchen-3ya.example")
def utf8_domain(_domain):
    return letter("münchen.example")


@shape(domain="xn--mnchen-3ya.example")
def a_label_domain(_domain):
    return letter("xn--mnchen-3ya.example")


@shape(smtputf8=True, domain="xn--mnchen-3ya.example")
def utf8_subdomain_in_upper_case(_domain):
    return letter("münchen.example", author="From: root@Büro.MÜNCHEN.example\r\n".encode())


# --- bodies --------------------------------------------------------------------------------------

@shape()
def empty_body(domain):
    return head(domain) + b"\r\n"


@shape(ways=(SMTP, BDAT, SENDMAIL))
def no_body_and_no_empty_line(domain):
    return head(domain)


@shape()
def body_of_one_empty_line(domain):
    return letter(domain, b"\r\n")


@shape()
def body_of_many_empty_lines(domain):
    return letter(domain, b"\r\n" * 300)


@shape(ways=(SMTP, BDAT, SENDMAIL))
def trailing_empty_lines(domain):
    return letter(domain, TEXT + b"\r\n" * 7)


@shape(ways=(SMTP, BDAT))
def trailing_empty_lines_longer_than_a_chunk(domain):
    return letter(domain, TEXT + b"\r\n" * 70000)


@shape()
def empty_lines_longer_than_a_chunk_in_the_middle(domain):
    return letter(domain, TEXT + b"\r\n" * 70000 + b"the end\r\n\r\n")


@shape(ways=(BDAT, SENDMAIL))
def no_final_line_end(domain):
    return letter(domain, b"first\r\nlast without an end")


@shape(ways=(BDAT, SENDMAIL))
def no_final_line_end_after_white_space(domain):
    return letter(domain, b"first\r\nlast \t ")


@shape(ways=(BDAT, SENDMAIL))
def body_of_one_byte(domain):
    return letter(domain, b"x")


@shape()
def leading_dots(domain):
    return letter(domain, b".one\r\n..two\r\n.\r\n..\r\n...\r\n. \r\nend\r\n.\r\n")


@shape()
def body_of_a_dot(domain):
    return letter(domain, b".\r\n")


@shape()
def trailing_white_space_in_lines(domain):
    return letter(domain, b"one \r\ntwo\t\r\n three  \t \r\n   \r\n\t\r\nfour\r\n")


@shape()
def last_lines_of_only_white_space(domain):
    return letter(domain, b"one\r\n \r\n\t\t\r\n\r\n  \r\n")


@shape()
def body_of_only_white_space(domain):
    return letter(domain, b" \t \r\n  \r\n")


@shape()
def runs_of_white_space_in_lines(domain):
    return letter(domain, b"a  b\t\tc \t d\r\n  \tindented  more\r\n\ttabbed\r\n")


@shape()
def vertical_tab_and_form_feed_in_lines(domain):
    return letter(domain, b"a\x0bb \x0c c\x0c\r\n\x0b\r\n\x0c \r\nend\x0b\r\n\x0c\r\n")


@shape()
def line_of_998(domain):
    return letter(domain, b"x" * 998 + b"\r\nshort\r\n")


@shape()
def lines_of_998_with_dots_and_blanks(domain):
    return letter(domain, b"".join(b"." * 998 + b"\r\n" + b"a " * 499 + b"\r\n" for _ in range(100)))


@shape()
def every_byte_except_nul_cr_lf(domain):
    every = bytes(n for n in range(1, 256) if n not in (10, 13))
    return letter(domain, b"".join(every[n:n + 16] + b"\r\n" for n in range(0, len(every), 16)))


@shape(ways=(SMTP, BDAT, SENDMAIL))
def nul_bytes(domain):
    return letter(domain, b"a\0b\r\n\0\r\nend\0 \r\n")


@shape(ways=(SMTP, BDAT))
def attachment_of_5_mb(domain):
    encoded = base64.encodebytes(noise(3_900_000)).replace(b"\n", b"\r\n")
    return letter(domain, b"--b1\r\nContent-Type: text/plain\r\n\r\n" + TEXT + b"--b1\r\n"
                  b"Content-Type: application/octet-stream; name=\"backup.tar.zst\"\r\n"  # RFC 2046 4.5.1
                  b"Content-Transfer-Encoding: base64\r\n\r\n" + encoded + b"--b1--\r\n",
                  more=MIME + b"Content-Type: multipart/mixed; boundary=b1\r\n")


@shape()
def megabyte_of_short_lines_with_blanks(domain):
    return letter(domain, b"".join(b"%d \t \r\n" % n for n in range(100_000)))


@shape()
def alternative_as_alertmanager_sends_it(domain):
    return letter(
        domain, b"--cafe\r\nContent-Transfer-Encoding: quoted-printable\r\nContent-Type: text/html; charset=UTF-8\r\n"
        b"\r\n<!DOCTYPE html>=0A<html lang=3D\"en\">=0A  <body>[FIRING:1] DiskFull =E2=98=A0 </body>=\r\n=0A</html>\r\n"
        b"--cafe--\r\n",
        subject=b"Subject: [FIRING:1] DiskFull (node-1 critical)\r\n",
        more=MIME + b"Content-Type: multipart/alternative;  boundary=cafe\r\n")


@shape()
def cron_job_output(domain):
    return letter(
        domain, b"/etc/cron.daily/backup:\r\ntar: Removing leading `/' from member names\r\n",
        author=f"From: root@{domain} (Cron Daemon)\r\n".encode(), date=b"", message_id=b"",
        subject=b"Subject: Cron <root@server> test -x /usr/sbin/anacron || ( cd / && run-parts )\r\n",
        more=MIME + b"Content-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: 8bit\r\n"
        b"X-Cron-Env: <SHELL=/bin/sh>\r\nX-Cron-Env: <HOME=/root>\r\nX-Cron-Env: <PATH=/usr/bin:/bin>\r\n")


@shape()
def message_within_a_message(domain):
    inner = letter("elsewhere.example", b"inner\r\n", more=b"DKIM-Signature: v=1; a=rsa-sha256; d=x.example; b=\r\n")
    return letter(domain, b"--m\r\nContent-Type: message/rfc822\r\n\r\n" + inner + b"--m--\r\n",
                  more=MIME + b"Content-Type: multipart/mixed; boundary=\"m\"\r\n")


@shape()
def body_that_looks_like_a_header(domain):
    return letter(domain, b"From: forged@foreign.example\r\nDKIM-Signature: v=1\r\nSubject: no\r\n\r\nFrom here on\r\n"
                  b">From there\r\n")


# --- signatures that are there already -----------------------------------------------------------

@shape(foreign_signatures=1)
def broken_signature_of_another(domain):
    return (b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/simple; d=other.example;\r\n\ts=gone; h=from:to;\r\n"
            b"\tbh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA\r\n" + letter(domain))


@shape(foreign_signatures=1)
def old_signature_of_our_own(domain):
    return (f"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d={domain}; s=old; h=from;\r\n".encode()
            + b"\tbh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA\r\n" + letter(domain))


@shape(foreign_signatures=1)
def signature_field_without_sense(domain):
    return b"DKIM-Signature: ;;; this is = not = a signature\r\n" + letter(domain)
