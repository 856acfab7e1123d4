-- An MTA does not let us insert header fields: we close the connection, and say why.
--log: the MTA does not let us add header fields (SMFIF_ADDHDRS): nothing can be signed on this connection
--log: signed d=example.com

local conn = mt.connect(socket)
check(conn ~= nil, "cannot connect")
check(negotiate(conn, VERSION, ACTIONS & ~SMFIF_ADDHDRS, STEPS) ~= nil, "the negotiation succeeds")
mt.disconnect(conn, false)
conn = open_from("127.0.0.1")
sign(conn, letter())
mt.disconnect(conn)
