-- Mail of a client from anywhere is ours if it has authenticated, or if the MTA marks it with a macro.
--log: not signed: client 203.0.113.9 is neither
--log: signed d=example.com
--log: not signed: client 203.0.113.9 is neither

local function mail_from_far_away(before_connect, before_mail)
    local conn = open()
    if before_connect then before_connect(conn) end
    done_well(mt.conninfo(conn, "client.example", "203.0.113.9"), "connect")
    if before_mail then before_mail(conn) end
    return conn
end
local function not_ours(before_connect, before_mail)
    local conn = mail_from_far_away(before_connect, before_mail)
    done_well(mt.mailfrom(conn, "<alerts@example.com>"), "MAIL")
    expect(conn, ACCEPT, "MAIL")
    mt.disconnect(conn)
end
local function ours(before_connect, before_mail)
    local conn = mail_from_far_away(before_connect, before_mail)
    sign(conn, letter())
    mt.disconnect(conn)
end
local function macro(stage, name, value)
    return function(conn) mt.macro(conn, stage, name, value) end
end
not_ours(nil, nil)
ours(nil, macro(SMFIC_MAIL, "{auth_type}", "PLAIN"))
not_ours(nil, macro(SMFIC_MAIL, "{auth_type}", ""))
ours(macro(SMFIC_CONNECT, "{daemon_name}", "ORIGINATING"), nil)
not_ours(macro(SMFIC_CONNECT, "{daemon_name}", "smtpd"), nil)
ours(nil, macro(SMFIC_MAIL, "{daemon_name}", "ORIGINATING"))
