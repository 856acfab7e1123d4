-- The fields of leading_space.lua, from an MTA that eats a space after the colon, and adds one to what is inserted.
--config: canonicalization = "relaxed/simple";
--log: connection: leading space not offered
--log: signed d=example.com
--config: log_level = "debug";

local conn = open_from("127.0.0.1", VERSION, ACTIONS, STEPS & ~SMFIP_HDR_LEADSPC)
check(eats_space(conn), "the leading space is asked for though it was not offered")
sign(conn, {
    { "From", "\n alerts@example.com" }, { "To", "root@example.net" }, { "Subject", "" },
    { "References", " <a@x>\n\t<b@x>\n  <c@x>" }, { "Cc", "  two@example.net" },
    { "List-Id", "\n <on.the.next.line>" }, { "Content-Description", "\n \n\t\n " },
    { "Reply-To", " a\v b\fc@example.com " }, { "In-Reply-To", "\t<tab@x>" },
}, { "no end of line" })
check(mt.getheader(conn, "DKIM-Signature", 0):sub(1, 4) == "v=1;", "the MTA adds a space, so we must not")
sign(conn, { { "From", " a@example.com" } }, { "\r\n" })
mt.disconnect(conn)
