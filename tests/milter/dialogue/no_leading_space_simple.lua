-- simple keeps every byte of a field: the space that the MTA ate is put back, in hash and message alike.
--config: canonicalization = "simple/simple";
--log: signed d=example.com

local conn = open_from("127.0.0.1", VERSION, ACTIONS, STEPS & ~SMFIP_HDR_LEADSPC)
sign(conn, letter())
sign(conn, { { "From", "  two.spaces@example.com" }, { "Subject", " folded\n  and\n\tmore" } }, { "x\r\n" })
mt.disconnect(conn)
