-- Runs one script, and defines the functions that scripts share. They end the script with an error if something is wrong.

-- miltertest's own defaults: what Postfix and Sendmail offer.
VERSION = 6
ACTIONS = 0x1FF
STEPS = 0x1FFFFF

CONTINUE, ACCEPT, TEMPFAIL, REJECT = SMFIR_CONTINUE, SMFIR_ACCEPT, SMFIR_TEMPFAIL, SMFIR_REJECT

function check(condition, what)
    if not condition then error(what, 2) end
end

-- Functions of miltertest return nil if they succeed.
function done_well(result, what)
    if result ~= nil then error(what .. ": " .. tostring(result), 2) end
end

function expect(conn, wanted, what)
    local reply = mt.getreply(conn)
    if reply ~= wanted then
        error(what .. " is answered with " .. string.char(math.floor(reply)) .. " instead of " ..
                  string.char(math.floor(wanted)), 2)
    end
end

-- The steps come before the actions, whatever miltertest's manual says.
function negotiate(conn, version, actions, steps)
    return mt.negotiate(conn, version or VERSION, steps or STEPS, actions or ACTIONS)
end

-- Returns a connection after its negotiation. version, actions and steps are what the MTA offers.
function open(version, actions, steps)
    local conn = mt.connect(socket)
    check(conn ~= nil, "cannot connect")
    done_well(negotiate(conn, version, actions, steps), "negotiation")
    return conn
end

-- Returns a connection with a client at that address.
function open_from(address, version, actions, steps)
    local conn = open(version, actions, steps)
    done_well(mt.conninfo(conn, "client.example", address), "connect")
    return conn
end

function eats_space(conn)
    return not mt.test_option(conn, SMFIP_HDR_LEADSPC)
end

-- Sends a field. If the leading space is kept, miltertest adds one.
function hand_over_field(conn, name, value)
    done_well(mt.header(conn, name, (value:gsub("^ ", "", 1))), "header field " .. name)
end

-- Sends a message, from MAIL to its end, and expects each step to go on. fields are { name, value } with LF folds.
function send(conn, fields, body)
    done_well(mt.mailfrom(conn, "<alerts@example.com>"), "MAIL")
    expect(conn, CONTINUE, "MAIL")
    for _, field in ipairs(fields) do hand_over_field(conn, field[1], field[2]) end
    done_well(mt.eoh(conn), "end of header")
    expect(conn, CONTINUE, "the end of the header")
    for _, chunk in ipairs(body) do done_well(mt.bodystring(conn, chunk), "body") end
    done_well(mt.eom(conn), "end of message")
    check(mt.getreply(conn) == CONTINUE or mt.getreply(conn) == ACCEPT, "the end of the message is refused")
end

-- Writes the message as it would leave now; tests/milter/dialogue/run verifies it.
local messages = 0
function put_out(conn, fields, body)
    messages = messages + 1
    local file = assert(io.open(string.format("%s/%03d.eml", out, messages), "wb"))
    local space = eats_space(conn) and " " or ""
    local function write(name, value)
        file:write(name, ":", (value:gsub("\r?\n", "\r\n")), "\r\n")
    end
    local found = 0
    while mt.getheader(conn, "DKIM-Signature", found) do
        write("DKIM-Signature", space .. mt.getheader(conn, "DKIM-Signature", found))
        found = found + 1
    end
    for _, field in ipairs(fields) do
        local kept = not eats_space(conn) and field[2]:sub(1, 1) ~= " "
        write(field[1], (kept and " " or "") .. field[2])
    end
    file:write("\r\n", table.concat(body))
    file:close()
end

function sign(conn, fields, body)
    send(conn, fields, body)
    check(mt.eom_check(conn, MT_HDRINSERT, "DKIM-Signature"), "no signature was inserted")
    check(not mt.eom_check(conn, MT_HDRADD) and not mt.eom_check(conn, MT_HDRCHANGE) and
              not mt.eom_check(conn, MT_HDRDELETE) and not mt.eom_check(conn, MT_BODYCHANGE) and
              not mt.eom_check(conn, MT_QUARANTINE),
          "something else was done to the message")
    put_out(conn, fields, body)
end

-- Returns the fields and the body of an ordinary message.
function letter(subject)
    return { { "From", " Alerts <alerts@example.com>" }, { "To", " root@example.net" },
             { "Subject", " " .. (subject or "disk full") } }, { "The disk is full.\r\n", "\r\nYours\r\n" }
end

-- miltertest does not print the text of an error.
local succeeded, trouble = xpcall(dofile, debug.traceback, script)
if not succeeded then
    mt.echo(trouble)
    error(trouble)
end
mt.echo("done")
