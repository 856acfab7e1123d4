-- The address of the client decides whether its mail is ours.
--config: trusted_networks = ( "127.0.0.0/8", "::1", "2001:db8:1::/48" );
--log: not signed: client 203.0.113.9 is neither trusted nor authenticated
--log: not signed: client 2001:db8:2::1 is neither trusted nor authenticated
--log: not signed: client of unknown address is neither trusted nor authenticated

local function ours(address)
    local conn = open_from(address)
    sign(conn, letter(address))
    mt.disconnect(conn)
end
local function not_ours(address)
    local conn = open_from(address)
    done_well(mt.mailfrom(conn, "<alerts@example.com>"), "MAIL")
    expect(conn, ACCEPT, "MAIL of " .. address)
    mt.disconnect(conn)
end
ours("127.0.0.1")
ours("127.200.0.1")
ours("::1")
ours("2001:db8:1::25")
not_ours("203.0.113.9")
not_ours("2001:db8:2::1")
not_ours("unspec")
