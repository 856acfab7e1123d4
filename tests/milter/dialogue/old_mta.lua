-- An MTA of protocol version 2 has no steps without a reply, no leading space, no lists of macros, no DATA and no unknown
-- commands.
--log: OLD1: signed d=example.com
--log: OLD2: signed d=example.com

for number, steps in ipairs({ 0x7F, 0x3F }) do
    local conn = open(2, 0x1F, steps)
    check(eats_space(conn), "more is asked for than was offered")
    done_well(mt.conninfo(conn, "localhost", "127.0.0.1"), "connect")
    expect(conn, CONTINUE, "connect")
    mt.macro(conn, SMFIC_MAIL, "i", "OLD" .. number)
    sign(conn, letter())
    mt.disconnect(conn)
end
-- An MTA that wants to send every step gets every answer.
local conn = open_from("127.0.0.1", 2, 0x1F, 0)
mt.disconnect(conn)
