-- An MTA of protocol version 2: no silence, no leading space, no lists of macros, no DATA or unknown commands.
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
-- One that wants to send every step, and so is sent every answer.
local conn = open_from("127.0.0.1", 2, 0x1F, 0)
mt.disconnect(conn)
