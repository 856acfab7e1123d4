-- Messages on one connection share nothing.
--config: log_level = "info";
--log: Q1: signed
--log: Q2: not signed: no key for domain elsewhere.example
--log: Q3: signed
--log: Q4: not signed: malformed: more than one From field
--log: Q5: signed
--no-log: NOQUEUE

local conn = open_from("127.0.0.1")
local function begin(queue_id)
    mt.macro(conn, SMFIC_MAIL, "i", queue_id)
end
local function refused(fields)
    done_well(mt.mailfrom(conn, "<alerts@example.com>"), "MAIL")
    for _, field in ipairs(fields) do hand_over_field(conn, field[1], field[2]) end
    done_well(mt.eoh(conn), "end of header")
    expect(conn, ACCEPT, "the end of the header")
end
begin("Q1")
sign(conn, letter("one"))
begin("Q2")
refused({ { "From", " a@elsewhere.example" } })
begin("Q3")
sign(conn, letter("three"))
begin("Q4")
refused({ { "From", " a@example.com" }, { "From", " b@example.com" } })
begin("Q5")
sign(conn, { { "From", " five@example.com" } }, { "\r\n" })
mt.disconnect(conn)
