"""An imported configuration of amavisd signs each author's mail with the key that amavisd itself chooses.

Perl judges how the texts are read, and amavisd's own modules, where they are installed, which key is chosen.
"""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from dkimkey import run

HERE = pathlib.Path(__file__).resolve().parent
AMAVISD = shutil.which("amavisd", path="/usr/sbin:/usr/bin")

# Returns what the calls of dkim_key and the lists are after Perl has run the file.
PERL = r"""
use strict;
use vars qw(@dkim_signature_options_bysender_maps @mynetworks %signed_header_fields %policy_bank $MYHOME $mydomain
  $enable_dkim_signing $originating @decoders $banned_filename_re $virus_admin %x);
my @keys;
sub dkim_key($$$;@) { push @keys, join('|', map { defined $_ ? $_ : '' } @_) }
sub new_RE { 1 }
sub D_PASS { 1 }
defined(do $ARGV[0]) or die $@;
print "$_\n" for @keys;
"""

# The forms of iRedMail, ISPConfig, amavisd's own notes and people's guides.
TEXTS = {
    "iRedMail": r"""
use strict;
$mydomain = 'example.com';
$MYHOME = '$D';
@mynetworks = qw( 127.0.0.0/8 [::1] 10.0.0.1 );
$banned_filename_re = new_RE(
  qr'^\.(exe-ms|dll)$',                   # banned file(1) types, rudimentary
  [ qr'^\.(rpm|cpio|tar)$'       => 0 ],  # allow any in Unix-type archives
  qr'^(?!cid:).*\.[^./]*[A-Za-z][^./]*\.\s*(exe|vbs|pif|scr|bat|cmd|com|cpl|dll)[.\s]*$'i,
);
$policy_bank{'ORIGINATING'} = { originating => 1, virus_admin_maps => ["root\@$mydomain"], };
$enable_dkim_signing = 1;
$signed_header_fields{'received'} = 0;
$signed_header_fields{'to'} = 1;
# Add dkim_key here.
dkim_key("example.com", "dkim", "$D/one.pem");
#dkim_key("host1.example.com", "dkim", "/var/lib/dkim/example.com.pem");
dkim_key('example.net', 'dkim', "$MYHOME/two.pem");
@dkim_signature_options_bysender_maps = ( {
    #'postmaster@example.com'    => { d => "example.com", a => 'rsa-sha256', ttl =>  7*24*3600 },
    # explicit 'd' forces a third-party signature on foreign (hosted) domains
    "example.com"  => { d => "example.com", a => 'rsa-sha256', ttl => 10*24*3600 },
    "example.net"  => { d => "example.net", a => 'rsa-sha256', ttl => 10*24*3600 },
    '.' => { d => "example.com", a => 'rsa-sha256', c => 'relaxed/simple', ttl => 30*24*3600 },
} );
1;
""",
    "ISPConfig": r"""
$enable_dkim_signing = 1; # load DKIM signing code
@dkim_signature_options_bysender_maps = (
{ '.' => { ttl => 21*24*3600, c => 'relaxed/simple' } } );
dkim_key('example.com', 'default', '$D/one.pem');
dkim_key('example.net', 'default', '$D/two.pem');
1;  # insure a defined return
""",
    "the notes of amavisd": r"""
$enable_dkim_signing = 1;
dkim_key('example.org', 'abc',       '$D/one.pem');
dkim_key('example.org', 'yyy',       '$D/two.pem', t=>'s');
dkim_key('example.org', 'zzz',       '$D/two.pem', h=>'sha256');
dkim_key('example.com', 'sel-2008',  '$D/one.pem',
         t=>'s:y', g=>'*', k=>'rsa', h=>'sha256:sha1', s=>'email',
         n=>'testing; 1, 2');
dkim_key('guest.example.com', 'g',     '$D/two.pem');
dkim_key('mail.example.com',  'notif', '$D/two.pem');
@dkim_signature_options_bysender_maps = ( {
  'postmaster@mail.example.com' => { a => 'rsa-sha256', ttl =>  7*24*3600 },
  'boss@example.org'   => { s => 'zzz' },
  'guest.example'               => { d => 'guest.example.com' },
  '.example.com'                => { d => 'example.com' },
  '.example.net'                => { d => 'none.example' },
  '.' => { a => 'rsa-sha256', c => 'relaxed/simple', ttl => 30*24*3600 },
} );
1;
""",
    "several ways to write a call": r"""
$enable_dkim_signing = 1;
my $d = 'example'; our $net = q(net); $MYHOME = "$D";
dkim_key(
   'example.com',   # of the company
   'dkim20240101',
   '$D/one.pem'
   );
dkim_key "$d.$net", q{a}, $MYHOME . '/two.pem';
dkim_key(lc('Example.ORG'), "b", "${MYHOME}/one.pem", n => 'it\'s "x"', s=>'*');
=pod

dkim_key('pod.example', 'no', '/no');

=cut
$virus_admin = <<"X" . 's'; $x{s} = 6 / 2; # '
dkim_key('here.example', 'no', '/no');
X
@decoders = (['F', \&do_uncompress, ['unfreeze', 'freeze -d'] ], 'a' =~ m{'}, s/'/"/g, qw(a 'b));
push @dkim_signature_options_bysender_maps, {
    'example.com' => { d => 'example.com', a => 'rsa-sha256', ttl => 10*24*3600 },
};
push(@dkim_signature_options_bysender_maps, { '.example.edu' => { d => 'example.com' } });
1;
__END__
dkim_key('end.example', 'no', '/no');
""",
    "two tables": r"""
$enable_dkim_signing = 1;
dkim_key('example.com', 'a', '$D/one.pem'); dkim_key('example.com', 'b', '$D/two.pem');
dkim_key('example.net', 'a', '$D/one.pem', h => 'sha1'); dkim_key('example.net', 'c', '$D/two.pem', s => 'email');
@dkim_signature_options_bysender_maps = (
  { '.com' => { s => 'b' }, 'example.org' => { d => 'example.net', s => 'a' } },
  { 'example.com' => { s => 'a' }, '.' => { d => 'example.net' }, 'x@example.com' => { d => 'example.com' } },
);
1;
""",
}

ADDRESSES = tuple(f"{user}@{domain}" for user in ("x", "postmaster", "boss") for domain in (
    "example.com", "example.net", "example.org", "mail.example.com", "guest.example.com", "guest.example", "a.guest.example",
    "sub.example.com", "a.b.example.com", "sub.example.net", "sub.example.org", "example.edu", "sub.example.edu",
    "other.test", "pod.example", "here.example", "end.example"))


class ImportAmavis(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="dkimkey-amavis-")
        self.addCleanup(holder.cleanup)
        self.directory = pathlib.Path(holder.name)
        for name in ("one.pem", "two.pem"):
            subprocess.run(["openssl", "genrsa", "-out", self.directory / name, "1024"], check=True, capture_output=True)
        self.file = self.directory / "amavisd.conf"

    def imported(self, text):
        shutil.rmtree(self.directory / "store", ignore_errors=True)
        (self.directory / "dkimsignd.conf").unlink(missing_ok=True)
        self.file.write_text(text.replace("$D", str(self.directory)))
        done = run("import", "--amavis", self.file, "-D", self.directory / "store", "--output",
                   self.directory / "dkimsignd.conf")
        self.assertIn("added, active", done.stdout.decode(), done.stdout + done.stderr)
        return done.stdout.decode()

    def key_of(self, address):
        said = run("explain", address, "--config", self.directory / "dkimsignd.conf", "--json")
        signing = [f'{key["domain"]}/{key["selector"]}' for key in json.loads(said.stdout)
                   if key["would_sign"] and key["signs"]]
        return " ".join(signing) or "-"

    def test_perl_reads_the_same_calls(self):
        for name, text in TEXTS.items():
            with self.subTest(name):
                said = self.imported(text)
                calls = subprocess.run(["perl", "-e", PERL, self.file], check=True, capture_output=True, text=True)
                for call in calls.stdout.splitlines():
                    domain, selector = call.split("|")[:2]
                    self.assertTrue(f"{selector}._domainkey.{domain} (RSA" in said
                                    or f"key {selector} of {domain} does not sign" in said, call + "\n" + said)
                self.assertEqual(said.count("added, active") + said.count(" does not sign: "),
                                 len(calls.stdout.splitlines()), said)

    @unittest.skipIf(AMAVISD is None, "amavisd is not installed")
    def test_amavisd_chooses_the_same_keys(self):
        for name, text in TEXTS.items():
            with self.subTest(name):
                said = self.imported(text)
                judge = subprocess.run(["perl", "-T", HERE / "amavis_choice.pl", self.file, *ADDRESSES], check=True,
                                       capture_output=True, text=True)
                theirs = dict(line.split(" ", 1) for line in judge.stdout.splitlines())
                self.assertEqual(len(theirs), len(ADDRESSES))
                self.assertEqual({address: self.key_of(address) for address in ADDRESSES}, theirs, said)
                self.assertGreater(len(set(theirs.values())), 1, "some authors must differ")

    @unittest.skipIf(os.geteuid() != 0, "only root can read other users' files")
    def test_files_that_the_owner_of_the_configuration_may_not_read(self):
        secret = self.directory / "secret"
        secret.write_text(f"dkim_key('hidden.example', 's', '{self.directory}/one.pem');\n")
        secret.chmod(0o600)
        folder = self.directory / "conf.d"
        folder.mkdir()
        self.directory.chmod(0o755)
        (folder / "50-user").write_text(f"$enable_dkim_signing = 1;\ninclude_config_files('{secret}');\n")
        for owner, shown in ((65534, False), (0, True)):
            os.chown(folder / "50-user", owner, -1)
            for path in (folder, folder / "50-user"):
                with self.subTest(owner=owner, path=path):
                    done = run("import", "--amavis", path, "-D", self.directory / "store", "--output",
                               self.directory / "dkimsignd.conf", "--dry-run")
                    self.assertEqual(b"hidden.example" in done.stdout, shown, done.stdout)
                    self.assertEqual(b"the owner of the configuration" in done.stdout, not shown, done.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
