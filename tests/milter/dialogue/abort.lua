-- An abort ends the message in any step, but not the connection.
--log: NOQUEUE: signed d=example.com
--no-log: evil

local conn = open_from("127.0.0.1")
for steps = 1, 4 do
    done_well(mt.mailfrom(conn, "<alerts@example.com>"), "MAIL")
    if steps > 1 then hand_over_field(conn, "From", " evil@example.com") end
    if steps > 2 then done_well(mt.eoh(conn), "end of header") end
    if steps > 3 then done_well(mt.bodystring(conn, "not to be hashed\r\n"), "body") end
    done_well(mt.abort(conn), "abort")
    sign(conn, letter("after " .. steps))
end
mt.disconnect(conn)
-- An MTA that disconnects in the middle of a message.
conn = open_from("127.0.0.1")
done_well(mt.mailfrom(conn, "<alerts@example.com>"), "MAIL")
hand_over_field(conn, "From", " evil@example.com")
mt.disconnect(conn, false)
conn = open_from("127.0.0.1")
sign(conn, letter())
mt.disconnect(conn)
