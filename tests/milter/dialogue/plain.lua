-- An MTA offers everything: it does not send the steps that we do not need, and gets no needless answers.
--log: NOQUEUE: signed d=example.com s=server,server-ed25519 a=rsa-sha256,ed25519-sha256 from=alerts@example.com

local conn = open()
for _, step in ipairs({ SMFIP_NOHELO, SMFIP_NORCPT, SMFIP_NODATA, SMFIP_NOUNKNOWN, SMFIP_HDR_LEADSPC,
                        SMFIP_NR_CONN, SMFIP_NR_HDR, SMFIP_NR_BODY }) do
    check(mt.test_option(conn, step), string.format("step option %x is not asked for", math.floor(step)))
end
for _, step in ipairs({ SMFIP_NOCONNECT, SMFIP_NOMAIL, SMFIP_NOHDRS, SMFIP_NOEOH, SMFIP_NOBODY,
                        SMFIP_NR_MAIL, SMFIP_NR_EOH }) do
    check(not mt.test_option(conn, step), string.format("step option %x is asked for", math.floor(step)))
end
check(mt.test_action(conn, SMFIF_ADDHDRS), "header fields are not asked for")
for _, action in ipairs({ SMFIF_CHGBODY, SMFIF_ADDRCPT, SMFIF_DELRCPT, SMFIF_CHGHDRS, SMFIF_QUARANTINE }) do
    check(not mt.test_action(conn, action), "more than header fields is asked for")
end
done_well(mt.conninfo(conn, "localhost", "127.0.0.1"), "connect")
sign(conn, letter())
mt.disconnect(conn)
