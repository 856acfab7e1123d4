"""SPF records with their results according to RFC 7208, for keytool/spf and two other implementations.

Each case is a domain below ZONE: its TXT records, and the result of check_host() for some addresses. A third member has
the known deviations of other implementations.
"""

ZONE = "spf.test"
GOOD, OTHER, SIX = "192.0.2.1", "192.0.2.200", "2001:db8::1"

# Hosts and other names that the records refer to.
HOSTS = """
@ 60 IN SOA ns1 hostmaster 1 3600 600 86400 60
@ 60 IN NS ns1
ns1 60 IN A 127.53.51.1
host 60 IN A 192.0.2.1
host 60 IN AAAA 2001:db8::1
near 60 IN A 192.0.2.130
alias 60 IN CNAME host
mail 60 IN A 192.0.2.25
mx 60 IN MX 10 mail
mx 60 IN MX 20 host
mx-alias 60 IN CNAME mx
nullmx 60 IN MX 0 .
mx-void 60 IN MX 10 nowhere1
mx-void 60 IN MX 20 nowhere2
mx-void 60 IN MX 30 nowhere3
two 60 IN A 192.0.2.7
two 60 IN A 192.0.2.1
1.2.0.192._ip 60 IN A 127.0.0.2
192.0.2.1.in-addr._v 60 IN A 127.0.0.2
postmaster._local 60 IN A 127.0.0.2
back\\\\slash 60 IN A 127.0.0.2
macro-r._r 60 IN A 127.0.0.2
helo.example._h 60 IN A 127.0.0.2
postmaster\\@macro-s.spf.test._s 60 IN A 127.0.0.2
only-six 60 IN AAAA 2001:db8::5
""" + "".join(f"mx11 60 IN MX {n} many{n}\nmany{n} 60 IN A 192.0.2.{n + 100}\n" for n in range(11))

# Names of addresses. Of the two IPv4 addresses, only the first is also an address of its name.
REVERSE = {
    "2.0.192.in-addr.arpa": "1 60 IN PTR host.spf.test.\n200 60 IN PTR host.spf.test.\n",
    "8.b.d.0.1.0.0.2.ip6.arpa": f"{'.'.join('1' + '0' * 23)} 60 IN PTR host.spf.test.\n",
}

# pyspf takes an invalid macro for text.
PYSPF_LAX = {"pyspf": {GOOD: "fail"}}
# Both take a backslash in a name for the beginning of an escape.
ESCAPE = {"pyspf": {GOOD: "fail"}, "mail_spf": {GOOD: "fail"}}
LONG = "x" * 62
CASES = {
    # name: (TXT records, {address: result}[, {implementation: {address: its result}}])
    "ip4": (["v=spf1 ip4:192.0.2.1 -all"], {GOOD: "pass", OTHER: "fail", SIX: "fail"}),
    "upper": (["V=SPF1 IP4:192.0.2.1 -ALL"], {GOOD: "pass", OTHER: "fail"}),
    "net4": (["v=spf1 ip4:192.0.2.0/25 ~all"], {GOOD: "pass", OTHER: "softfail"}),
    "odd-net4": (["v=spf1 ip4:192.0.2.129/26 ?all"], {"192.0.2.190": "pass", "192.0.2.192": "neutral"}),
    "zero4": (["v=spf1 ip4:198.51.100.0/0 -all"], {OTHER: "pass", SIX: "fail"}),
    "ip6": (["v=spf1 ip6:2001:db8::/33 -all"], {SIX: "pass", "2001:db8:8000::1": "fail", GOOD: "fail"}),
    "mapped": (["v=spf1 ip4:192.0.2.1 -all"], {"::ffff:192.0.2.1": "pass"}),
    "spaces": (["v=spf1   ip4:192.0.2.1   -all  "], {GOOD: "pass", OTHER: "fail"}),
    "bare": (["v=spf1"], {GOOD: "neutral"}),
    "no-record": (["v=spf10 +all"], {GOOD: "none"}),
    "nothing": ([], {GOOD: "none"}),
    "two-records": (["v=spf1 +all", "v=spf1 -all"], {GOOD: "permerror"}),
    "beside": (["a text of something else", "v=spf1 ip4:192.0.2.1 -all"], {GOOD: "pass"}),
    "all-first": (["v=spf1 -all ip4:192.0.2.1"], {GOOD: "fail"}),
    "plus": (["v=spf1 +ip4:192.0.2.1 -ip4:192.0.2.200 +all"], {GOOD: "pass", OTHER: "fail", SIX: "pass"}),

    "a": (["v=spf1 a:host.spf.test -all"], {GOOD: "pass", OTHER: "fail", SIX: "pass"}),
    "a-own": (["v=spf1 a -all"], {GOOD: "fail"}),
    "a-alias": (["v=spf1 a:alias.spf.test -all"], {GOOD: "pass"}),
    "a-cidr": (["v=spf1 a:near.spf.test/25 -all"], {OTHER: "pass", GOOD: "fail"}),
    "a-dual": (["v=spf1 a:host.spf.test/25//64 -all"], {"192.0.2.100": "pass", OTHER: "fail",
                                                          "2001:db8::ffff": "pass", "2001:db8:1::1": "fail"}),
    "a-six": (["v=spf1 a:host.spf.test//32 -all"], {"2001:db8:ffff::1": "pass", "192.0.2.2": "fail"}),
    "a-two": (["v=spf1 a:two.spf.test -all"], {GOOD: "pass"}),
    "a-void": (["v=spf1 a:only-six.spf.test ip4:192.0.2.1 -all"], {GOOD: "pass", "2001:db8::5": "pass"}),

    "mx": (["v=spf1 mx:mx.spf.test -all"], {GOOD: "pass", "192.0.2.25": "pass", OTHER: "fail"}),
    "mx-cname": (["v=spf1 mx:mx-alias.spf.test -all"], {GOOD: "pass"}),
    "mx-cidr": (["v=spf1 mx:mx.spf.test/28 -all"], {"192.0.2.30": "pass", "192.0.2.40": "fail"}),
    "mx-none": (["v=spf1 mx:host.spf.test ip4:192.0.2.1 -all"], {GOOD: "pass"}),
    "mx-null": (["v=spf1 mx:nullmx.spf.test ip4:192.0.2.1 -all"], {GOOD: "pass"},
                {"mail_spf": {GOOD: "temperror"}}),
    "mx-eleven": (["v=spf1 mx:mx11.spf.test -all"], {GOOD: "permerror"}, {"mail_spf": {GOOD: "fail"}}),

    "exists": (["v=spf1 exists:host.spf.test -all"], {GOOD: "pass", SIX: "pass"}),
    "exists-not": (["v=spf1 exists:nowhere.spf.test -all"], {GOOD: "fail"}),
    "exists-odd": (["v=spf1 exists:back\\\\slash.spf.test -all"], {GOOD: "pass"}, ESCAPE),
    "exists-six": (["v=spf1 exists:only-six.spf.test -all"], {SIX: "fail"}),

    "ptr": (["v=spf1 ptr:spf.test -all"], {GOOD: "pass", OTHER: "fail", "192.0.2.9": "fail", SIX: "pass"}),
    "ptr-other": (["v=spf1 ptr:f.test -all"], {GOOD: "fail"}),
    "ptr-upper": (["v=spf1 ptr:SPF.Test -all"], {GOOD: "pass"}),

    "include": (["v=spf1 include:ip4.spf.test -all"], {GOOD: "pass", OTHER: "fail"}),
    "include-fail": (["v=spf1 include:all-first.spf.test ip4:192.0.2.1 ~all"],
                     {GOOD: "pass", OTHER: "softfail"}),
    "include-neutral": (["v=spf1 include:bare.spf.test -all"], {GOOD: "fail"}),
    "include-none": (["v=spf1 include:host.spf.test ip4:192.0.2.1 -all"], {GOOD: "permerror"}),
    "include-broken": (["v=spf1 include:bad-mechanism.spf.test ip4:192.0.2.1 -all"], {GOOD: "permerror"}),
    "include-behind": (["v=spf1 ip4:192.0.2.1 include:bad-mechanism.spf.test -all"],
                       {GOOD: "pass", OTHER: "permerror"}),
    "include-refused": (["v=spf1 include:refused.invalid -all"], {GOOD: "temperror"}),
    "include-redirect": (["v=spf1 include:redirect.spf.test -all"], {GOOD: "pass", OTHER: "fail"}),
    "include-loop": (["v=spf1 include:include-loop.spf.test -all"], {GOOD: "permerror"}),
    "include-ring": (["v=spf1 include:include-ring2.spf.test -all"], {GOOD: "permerror"}),
    "include-ring2": (["v=spf1 include:include-ring.spf.test -all"], {GOOD: "permerror"}),

    "redirect": (["v=spf1 redirect=ip4.spf.test"], {GOOD: "pass", OTHER: "fail"}),
    "redirect-all": (["v=spf1 redirect=ip4.spf.test ?all"], {GOOD: "neutral"}),
    "redirect-front": (["v=spf1 redirect=ip4.spf.test ip4:192.0.2.200"], {OTHER: "pass", GOOD: "pass",
                                                                           "192.0.2.3": "fail"}),
    "redirect-none": (["v=spf1 redirect=host.spf.test"], {GOOD: "permerror"}),
    "redirect-twice": (["v=spf1 redirect=ip4.spf.test redirect=ip4.spf.test"], {GOOD: "permerror"}),
    "redirect-loop": (["v=spf1 redirect=redirect-loop.spf.test"], {GOOD: "permerror"}),

    "macro-i": (["v=spf1 exists:%{ir}._ip.spf.test -all"], {GOOD: "pass", OTHER: "fail"}),
    "macro-v": (["v=spf1 exists:%{i}.%{v}._v.spf.test -all"], {GOOD: "pass", SIX: "fail"}),
    "macro-l": (["v=spf1 exists:%{l}._local.spf.test -all"], {GOOD: "pass"}),
    "macro-s": (["v=spf1 exists:%{s}._s.spf.test -all"], {GOOD: "pass"}),
    "macro-delimiter": (["v=spf1 exists:%{s@}._s.spf.test -all"], {GOOD: "permerror"}, PYSPF_LAX),
    "macro-h": (["v=spf1 exists:%{h}._h.spf.test -all"], {GOOD: "pass"}),
    "macro-d": (["v=spf1 a:host.%{d2} -all"], {GOOD: "pass", OTHER: "fail"}),
    "macro-o": (["v=spf1 include:ip4.%{o2} -all"], {GOOD: "pass", OTHER: "fail"}),
    "macro-p": (["v=spf1 a:%{p} -all"], {GOOD: "pass"}),
    "macro-r": (["v=spf1 exists:%{d1r}._r.spf.test -all"], {GOOD: "pass"}),
    "macro-order": (["v=spf1 exists:%{dr1}._r.spf.test -all"], {GOOD: "permerror"}, PYSPF_LAX),
    "macro-split": (["v=spf1 a:%{d1-}.spf.test -all"], {GOOD: "fail"}),
    "macro-percent": (["v=spf1 exists:%%%_%-.spf.test ip4:192.0.2.1 -all"], {GOOD: "pass"}),
    "macro-include": (["v=spf1 include:%{l}.spf.test -all"], {GOOD: "permerror"}),
    "macro-redirect": (["v=spf1 redirect=ip4.%{d2}"], {GOOD: "pass", OTHER: "fail"}),
    "macro-long": ([f"v=spf1 exists:{LONG}.{LONG}.{LONG}.{LONG}.host.%{{d2}} -all"], {GOOD: "fail"}),
    "macro-unknown": (["v=spf1 exists:%{x}.spf.test -all"], {GOOD: "permerror"}),
    "macro-open": (["v=spf1 exists:%{d.spf.test -all"], {GOOD: "permerror"}, PYSPF_LAX),
    "macro-lone": (["v=spf1 exists:100%.spf.test -all"], {GOOD: "permerror"}),
    "macro-zero": (["v=spf1 exists:%{d0}.spf.test -all"], {GOOD: "permerror"}, PYSPF_LAX),
    "macro-c": (["v=spf1 exists:%{c}.spf.test -all"], {GOOD: "permerror"}),

    "unknown-modifier": (["v=spf1 ip4:192.0.2.1 moo=whatever%{d} -all"], {GOOD: "pass", OTHER: "fail"}),
    "bad-modifier": (["v=spf1 ip4:192.0.2.1 moo=100% -all"], {GOOD: "permerror"}),
    "exp": (["v=spf1 ip4:192.0.2.1 exp=why.spf.test -all"], {GOOD: "pass", OTHER: "fail"}),
    "exp-twice": (["v=spf1 exp=a.spf.test exp=b.spf.test -all"], {GOOD: "permerror"}),
    "exp-empty": (["v=spf1 ip4:192.0.2.1 exp= -all"], {GOOD: "permerror"}),

    "bad-mechanism": (["v=spf1 ip4:192.0.2.1 allow -all"], {GOOD: "permerror"}),
    "bad-ip4": (["v=spf1 ip4:192.0.2 -all"], {GOOD: "permerror"}),
    "bad-ip4-prefix": (["v=spf1 ip4:192.0.2.1/33 -all"], {GOOD: "permerror"}),
    "bad-ip4-zero": (["v=spf1 ip4:192.0.2.1/032 -all"], {GOOD: "permerror"}),
    "bad-ip6": (["v=spf1 ip6:192.0.2.1 -all"], {GOOD: "permerror"}),
    "bad-ip6-prefix": (["v=spf1 ip6:2001:db8::/129 -all"], {GOOD: "permerror"}),
    "bad-ip4-empty": (["v=spf1 ip4 -all"], {GOOD: "permerror"}),
    "bad-a-prefix": (["v=spf1 a/33 -all"], {GOOD: "permerror"}),
    "bad-a-empty": (["v=spf1 a: -all"], {GOOD: "permerror"}),
    "bad-a-address": (["v=spf1 a:192.0.2.1 -all"], {GOOD: "permerror"}),
    "bad-a-label": (["v=spf1 a:localhost -all"], {GOOD: "permerror"}),
    "bad-a-port": (["v=spf1 a:host.spf.test:25 -all"], {GOOD: "permerror"}),
    "bad-include": (["v=spf1 include -all"], {GOOD: "permerror"}),
    "bad-exists": (["v=spf1 exists: -all"], {GOOD: "permerror"}),
    "bad-all": (["v=spf1 -all:spf.test"], {GOOD: "permerror"}),
    "bad-all-dot": (["v=spf1 ip4:192.0.2.1 -all."], {GOOD: "permerror"}),
    "bad-comma": (["v=spf1 ip4:192.0.2.1, -all"], {GOOD: "permerror"}),
    "bad-quote": (['v=spf1 ip4:192.0.2.1 -all\\"'], {GOOD: "permerror"}),
    "bad-tab": (["v=spf1 ip4:192.0.2.1\\009-all"], {GOOD: "permerror"}),
    "bad-end": (["v=spf1 -all ip4:192.0.2"], {GOOD: "permerror"}),
    "joined": (["v=spf1 ip4:192.0.2.1-all"], {GOOD: "permerror"}),

    "ten": (["v=spf1 " + "a:near.spf.test " * 10 + "ip4:192.0.2.1 -all"], {GOOD: "pass", OTHER: "fail"}),
    "eleven": (["v=spf1 " + "a:near.spf.test " * 11 + "ip4:192.0.2.1 -all"], {GOOD: "permerror"}),
    "eleven-behind": (["v=spf1 ip4:192.0.2.1 " + "a:near.spf.test " * 11 + "-all"],
                      {GOOD: "pass", OTHER: "permerror"}),
    "eleven-nested": (["v=spf1 include:five.spf.test include:five.spf.test ip4:192.0.2.1 -all"],
                      {GOOD: "permerror"}),
    "five": (["v=spf1 " + "a:near.spf.test " * 5 + "?all"], {GOOD: "neutral"}),
    "two-voids": (["v=spf1 a:n1.spf.test a:n2.spf.test ip4:192.0.2.1 -all"], {GOOD: "pass"}),
    "three-voids": (["v=spf1 a:n1.spf.test a:n2.spf.test a:n3.spf.test ip4:192.0.2.1 -all"],
                    {GOOD: "permerror"}),
    "exists-voids": (["v=spf1 exists:n1.spf.test exists:n2.spf.test exists:n3.spf.test +all"],
                     {GOOD: "permerror"}),
    "voids-nested": (["v=spf1 include:two-voids.spf.test a:n4.spf.test ip4:192.0.2.200 -all"],
                     {GOOD: "pass", OTHER: "permerror"}),
}
