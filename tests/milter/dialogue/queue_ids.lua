-- Queue IDs come early or late, and with any content.
--log: EARLY: signed
--log: LATE: signed
--log: x\x0d\x0aforged:\x20signed: signed d=example.com
--log: NOQUEUE: signed

local conn = open_from("127.0.0.1")
mt.macro(conn, SMFIC_MAIL, "i", "EARLY")
sign(conn, letter())
mt.disconnect(conn)

conn = open_from("127.0.0.1")
local fields, body = letter()
done_well(mt.mailfrom(conn, "<alerts@example.com>"), "MAIL")
for _, field in ipairs(fields) do hand_over_field(conn, field[1], field[2]) end
done_well(mt.eoh(conn), "end of header")
for _, chunk in ipairs(body) do done_well(mt.bodystring(conn, chunk), "body") end
mt.macro(conn, string.byte("E"), "i", "LATE")
done_well(mt.eom(conn), "end of message")
put_out(conn, fields, body)
mt.disconnect(conn)

conn = open_from("127.0.0.1")
mt.macro(conn, SMFIC_MAIL, "i", "x\r\nforged: signed")
sign(conn, letter())
mt.disconnect(conn)

conn = open_from("127.0.0.1")
sign(conn, letter())
mt.disconnect(conn)
