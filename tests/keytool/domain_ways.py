"""The ways in which a domain in DNS can be broken, each with the one finding that doctor reports; and the records of
the other zone that they refer to."""

from dns_world import OTHER_ZONE, ZONE

OTHER_LINES = [
    "@ IN MX 10 mail", "mail IN A 203.0.113.5", "relay IN A 203.0.113.6",
    # A tree of records for the walk up: that of the zone, one below it without psd=, a strict one, and one of a
    # separate organization.
    '_dmarc IN TXT "v=DMARC1; p=reject; sp=none"',
    '_dmarc.news IN TXT "v=DMARC1; p=none"',
    '_dmarc.strict IN TXT "v=DMARC1; p=none; adkim=s"',
    '_dmarc.tree IN TXT "v=DMARC1; p=none; sp=quarantine; np=reject; psd=n"',
    'there.tree IN A 203.0.113.5', 's._domainkey.below.tree IN TXT "v=DKIM1; p="',
    'alias.tree IN CNAME nowhere.elsewhere.test.',
    '_dmarc.two.news IN TXT "v=DMARC1; p=reject; psd=n"', '_dmarc.two.news IN TXT "v=DMARC1; p=none; psd=n"',
    f'rua-agreed.{ZONE}._report._dmarc IN TXT "v=DMARC1"',
    *(f'i{n} IN TXT "v=spf1 ip4:203.0.113.{n} ?all"' for n in range(1, 13)),
    *(f"m{n} IN MX {k} h{n}-{k}" for n in range(1, 31) for k in range(1, 11)),
    'bad IN TXT "v=spf1 ip4:203.0.113 ?all"',
    'wide IN TXT "v=spf1 a:mail.elsewhere.test ip4:198.51.100.0/24 ip6:2001:db8::/64 -all"',
]
TWELVE = " ".join(f"include:i{n}.{OTHER_ZONE}" for n in range(1, 13))


def spf(*values):
    return lambda domain: domain.spf(*values)


def dmarc(*values):
    return lambda domain: domain.dmarc(*values)


def pointer(*names):
    return lambda domain: setattr(domain, "pointer", [name.format(domain.name) for name in names])


def records(name, *data):
    return lambda domain: domain.records.update({name.format(domain.name): list(data)})


# name: (the change to a healthy domain, {topic: (severity, words of the finding)})
WAYS = {
    "healthy": (lambda domain: None, {}),
    "spf-include": (spf(f"v=spf1 include:wide.{OTHER_ZONE} -all"), {}),
    "spf-soft": (spf("v=spf1 ME ~all"), {}),
    "spf-beside": (spf("v=spf1 ME -all", "some-service-verification=1"), {}),
    "spf-none": (spf(), {"spf": ("risk", "no SPF record")}),
    "spf-two": (spf("v=spf1 ME -all", "v=spf1 -all"), {"spf": ("broken", "2 SPF records")}),
    "spf-syntax": (spf("v=spf1 ip4:192.0.2 -all"), {"spf": ("broken", "not an IPv4 address, at byte 12")}),
    "spf-other": (spf("v=spf1 ip4:203.0.113.1 -all"), {"spf": ("broken", "does not cover 198.51.100")}),
    "spf-other-soft": (spf("v=spf1 ip4:203.0.113.1 ~all"), {"spf": ("risk", "(softfail)")}),
    "spf-four-only": (spf("v=spf1 ip4:198.51.100.0/24 -all"), {"spf": ("broken", "2001:db8::")}),
    "spf-eleven": (spf(f"v=spf1 {TWELVE} ME -all"), {"spf": ("broken", "more than 10 lookups")}),
    "spf-eleven-behind": (spf(f"v=spf1 ME {TWELVE} -all"), {"spf": ("risk", "takes 12 lookups")}),
    # SPF takes more questions than doctor asks for a domain; doctor still asks the ones that are not about SPF.
    "spf-endless": (spf("v=spf1 ME " + " ".join(f"mx:m{n}.{OTHER_ZONE}" for n in range(1, 31)) + " -all"),
                    {"spf": ("risk", "takes at least")}),
    "spf-void": (spf("v=spf1 ME a:n1.example.test a:n2.example.test a:n3.example.test -all"),
                 {"spf": ("risk", "3 names that do not exist")}),
    "spf-void-front": (spf("v=spf1 a:n1.example.test a:n2.example.test a:n3.example.test ME -all"),
                       {"spf": ("broken", "more than 2 questions without an answer")}),
    "spf-nested": (spf(f"v=spf1 ME include:bad.{OTHER_ZONE} -all"), {"spf": ("risk", "the record of bad.")}),
    "spf-nested-front": (spf(f"v=spf1 include:bad.{OTHER_ZONE} ME -all"),
                         {"spf": ("broken", "the record of bad.")}),
    "spf-behind-dead": (spf(f"v=spf1 ME include:x.dead-below.{ZONE} -all"),
                        {"spf": ("unknown", "how many lookups")}),
    "spf-everybody": (spf("v=spf1 ME +all"), {"spf": ("risk", "anybody may send")}),
    "spf-neutral": (spf("v=spf1 ME ?all"), {"spf": ("risk", "nothing about other senders")}),
    "spf-open": (spf("v=spf1 ME"), {"spf": ("risk", "nothing about other senders")}),
    "spf-ptr": (spf("v=spf1 ME ptr -all"), {"spf": ("risk", "uses ptr")}),

    "dmarc-none": (dmarc(), {"dmarc": ("risk", "no DMARC record")}),
    "dmarc-two": (dmarc("v=DMARC1; p=none", "v=DMARC1; p=reject"), {"dmarc": ("risk", "is there 2 times")}),
    "dmarc-bad": (dmarc("v=DMARC1; p=nothing"), {"dmarc": ("risk", "p=nothing is not none, quarantine")}),
    "dmarc-version": (dmarc("v=DMARC1 p=none"), {"dmarc": ("risk", "has no semicolon after v=DMARC1")}),
    "dmarc-elsewhere": (lambda domain: (domain.dmarc(), domain.spf("v=spf1 ME -all", "v=DMARC1; p=none")),
                        {"dmarc": ("risk", "but one at dmarc-elsewhere.example.test itself")}),
    "dmarc-no-policy": (dmarc("v=DMARC1; rua=mailto:a@ME"), {"dmarc": ("note", "no p=: receivers take it for")}),
    "dmarc-nothing": (dmarc("v=DMARC1; adkim=r"), {"dmarc": ("risk", "neither p= nor a valid address")}),
    "dmarc-np": (dmarc("v=DMARC1; p=reject; np=foo"), {"dmarc": ("risk", "receivers ignore the whole record")}),
    "dmarc-np-rua": (dmarc("v=DMARC1; p=reject; np=foo; rua=mailto:a@ME"),
                     {"dmarc": ("risk", "receivers take the whole record for p=none")}),
    "dmarc-psd": (dmarc("v=DMARC1; p=none; psd=yes"), {"dmarc": ("risk", "psd=yes is not y, n or u")}),
    "dmarc-suffix": (dmarc("v=DMARC1; p=none; psd=y"), {"dmarc": ("risk", "psd=y says that others register")}),
    "dmarc-test": (dmarc("v=DMARC1; p=reject; t=y"), {"dmarc": ("note", "in test (t=y), and counts as quarantine")}),
    "dmarc-pct": (dmarc("v=DMARC1; p=reject; pct=20"), {"dmarc": ("note", "pct= is obsolete")}),
    "dmarc-limit": (dmarc("v=DMARC1; p=none; rua=mailto:a@ME!10m"), {"dmarc": ("note", "the limit !10m is obsolete")}),
    "dmarc-address": (dmarc("v=DMARC1; p=none; rua=a@ME"), {"dmarc": ("risk", "lacks mailto: before it")}),
    "dmarc-strict": (dmarc("v=DMARC1; p=none; adkim=s"), {}),
    "rua-agreed": (dmarc(f"v=DMARC1; p=none; rua=mailto:a@{OTHER_ZONE}"), {}),
    "rua-not-agreed": (dmarc(f"v=DMARC1; p=none; rua=mailto:a@{OTHER_ZONE}"),
                       {"dmarc": ("risk", "reports do not go to elsewhere.test")}),

    "ptr-none": (pointer(), {"ptr": ("broken", "no PTR record")}),
    "ptr-other": (pointer(f"mail.{OTHER_ZONE}."), {"ptr": ("broken", "does not lead back")}),
    "ptr-nowhere": (pointer(f"nowhere.{OTHER_ZONE}."), {"ptr": ("broken", "does not lead back")}),
    "ptr-two": (pointer(f"nowhere.{OTHER_ZONE}.", "mail.{}.example.test."), {}),
    "ptr-dead": (pointer(f"host.dead-below.{ZONE}."), {"ptr": ("unknown", "could not be found out")}),
    "ptr-none-6": (lambda domain: setattr(domain, "pointer_6", []), {"ptr": ("broken", "ip6.arpa")}),
    "helo-other": (lambda domain: setattr(domain, "helo", f"mail.{OTHER_ZONE}"),
                   {"helo": ("risk", "does not lead")}),

    "mx-null": (lambda domain: domain.records.update(
        {domain.name: ["MX 0 ."] + domain.records[domain.name][1:]}), {"mx": ("risk", "accepts no mail")}),
    "mx-nothing": (lambda domain: domain.records.update(
        {domain.name: domain.records[domain.name][1:]}), {"mx": ("risk", "neither an MX nor an address")}),
    "mx-nowhere": (lambda domain: domain.records.update(
        {domain.name: ["MX 10 nowhere"] + domain.records[domain.name][1:]}), {"mx": ("risk", "no host")}),
    "mx-address": (lambda domain: domain.records.update(
        {domain.name: ["A 203.0.113.9"] + domain.records[domain.name][1:]}), {}),

    "dkim-missing": (lambda domain: domain.key("s"), {"dkim": ("broken", "not in DNS")}),
    "dkim-several": (lambda domain: domain.key("s", domain.value, "v=DKIM1; p="),
                     {"dkim": ("broken", "2 TXT")}),
    "dkim-other": (lambda domain: domain.key("s", domain.other_value), {"dkim": ("broken", "another key")}),
    "dkim-syntax": (lambda domain: domain.key("s", "v=DKIM1 k=rsa"), {"dkim": ("broken", "syntax error")}),
    "dkim-test-left": (lambda domain: domain.key("s", domain.value.replace("p=", "t=y; p=")),
                       {"dkim": ("risk", "t=y is still on")}),
    "dkim-testing": (lambda domain: None, {"dkim": ("risk", "t=y, testing")}),
    "dkim-lagging": (lambda domain: domain.lagging.update({f"s._domainkey.{domain.name}": []}),
                     {"dkim": ("broken", f"ns2.{ZONE}. serves: missing")}),
    "dkim-cut": (lambda domain: domain.key("s", domain.value[:255]),
                 {"dkim": ("broken", "cut off after 255")}),
    "dkim-pending": (lambda domain: domain.key("s"), {"dkim": ("broken", "nothing is signed until")}),
    "dkim-next": (lambda domain: None, {"dkim": ("risk", "cannot become active")}),
    "dkim-revoked": (lambda domain: domain.key("old", domain.other_value),
                     {"dkim": ("risk", "still accept")}),
    "dkim-revoked-gone": (lambda domain: None, {}),
    "dkim-dead": (lambda domain: domain.records.update({f"_domainkey.{domain.name}": ["NS dead"],
                                                        f"s._domainkey.{domain.name}": []}),
                  {"dkim": ("unknown", "could not be checked")}),
    "dmarc-dead": (records("_dmarc.{}", "NS dead"), {"dmarc": ("unknown", "could not be read")}),
}
