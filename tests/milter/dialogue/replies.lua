-- An MTA expects an answer to every step.
--log: signed d=example.com

local conn = open_from("127.0.0.1", VERSION, ACTIONS, 0x1007F | SMFIP_NODATA | SMFIP_NOUNKNOWN)
expect(conn, CONTINUE, "connect")
for _, step in ipairs({ SMFIP_NR_CONN, SMFIP_NR_HDR, SMFIP_NR_BODY }) do
    check(not mt.test_option(conn, step), "a no-reply step is asked for that was not offered")
end
local fields, body = letter()
done_well(mt.mailfrom(conn, "<alerts@example.com>"), "MAIL")
expect(conn, CONTINUE, "MAIL")
for _, field in ipairs(fields) do
    hand_over_field(conn, field[1], field[2])
    expect(conn, CONTINUE, "header field " .. field[1])
end
done_well(mt.eoh(conn), "end of header")
expect(conn, CONTINUE, "the end of the header")
for _, chunk in ipairs(body) do
    done_well(mt.bodystring(conn, chunk), "body")
    expect(conn, CONTINUE, "a chunk of the body")
end
done_well(mt.eom(conn), "end of message")
put_out(conn, fields, body)
sign(conn, letter("again"))
mt.disconnect(conn)
