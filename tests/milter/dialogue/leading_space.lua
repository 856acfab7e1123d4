-- Fields that other signers got wrong, from an MTA that keeps the leading space.
--config: canonicalization = "simple/relaxed";
--log: signed d=example.com

local conn = open_from("127.0.0.1")
check(not eats_space(conn), "the leading space is not asked for")
sign(conn, {
    { "From", "\n alerts@example.com" }, { "To", "root@example.net" }, { "Subject", "" },
    { "References", " <a@x>\n\t<b@x>\n  <c@x>" }, { "Cc", "  two@example.net" },
    { "List-Id", "\n <on.the.next.line>" }, { "Content-Description", "\n \n\t\n " },
    { "Reply-To", " a\v b\fc@example.com " }, { "In-Reply-To", "\t<tab@x>" },
}, { "no end of line" })
sign(conn, { { "From", " a@example.com" } }, { "\r\n" })
mt.disconnect(conn)
