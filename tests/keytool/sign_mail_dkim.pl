#!/usr/bin/perl
# Signs messages with Mail::DKIM, many in one process.
# usage: sign_mail_dkim.pl DOMAIN SELECTOR KEY-FILE < lines of "METHOD PATH" (METHOD is c=, such as relaxed/simple)
# Prints one line per file: the signature field as a JSON string, with CRLF in its folds and without the final line end.
use strict;
use warnings;

use JSON::PP;
use Mail::DKIM::PrivateKey;
use Mail::DKIM::Signer;

my ($domain, $selector, $key_file) = @ARGV;
die "usage: $0 DOMAIN SELECTOR KEY-FILE\n" unless defined $key_file;
my $key = Mail::DKIM::PrivateKey->load(File => $key_file);
my $json = JSON::PP->new->allow_nonref;

$| = 1;
while (my $line = <STDIN>) {
    my ($method, $path) = $line =~ /^(\S+) (.+)$/ or die "not METHOD PATH: $line";
    open my $file, '<:raw', $path or die "$path: $!\n";
    my $message = do { local $/; <$file> };
    close $file;

    my $signer = Mail::DKIM::Signer->new(
        Algorithm => 'rsa-sha256',
        Method    => $method,
        Domain    => $domain,
        Selector  => $selector,
        Key       => $key,
    );
    $signer->PRINT($message);
    $signer->CLOSE();
    print $json->encode($signer->signature->as_string), "\n";
}
