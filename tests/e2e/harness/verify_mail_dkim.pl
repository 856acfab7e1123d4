#!/usr/bin/perl
# Judges messages with Mail::DKIM, many in one process.
# usage: verify_mail_dkim.pl DNS-PORT [DNS-ADDRESS] < list-of-files
# Asks only that server, by default on 127.0.0.1. Prints one line per file: a JSON array with the verdicts on its
# signatures, top first.
use strict;
use warnings;

use JSON::PP;
use Mail::DKIM::DNS;
use Mail::DKIM::Verifier;
use Net::DNS::Resolver;

my $port = shift @ARGV or die "usage: $0 DNS-PORT [DNS-ADDRESS] < list-of-files\n";
my $address = shift @ARGV || '127.0.0.1';
Mail::DKIM::DNS::resolver(
    Net::DNS::Resolver->new(
        nameservers => [$address],
        port        => $port,
        recurse     => 0,
        # The server refuses questions about foreign domains: there is no point in asking again.
        retry       => 2,
        udp_timeout => 5,
    )
);

$| = 1;
while (my $path = <STDIN>) {
    chomp $path;
    open my $file, '<:raw', $path or die "$path: $!\n";
    my $raw = do { local $/; <$file> };
    close $file;

    my $verifier = Mail::DKIM::Verifier->new();
    $verifier->PRINT($raw);
    $verifier->CLOSE();

    my @verdicts;
    for my $signature ($verifier->signatures) {
        my $result = $signature->result;
        push @verdicts, $result eq 'pass' ? 'pass' : $signature->result_detail;
    }
    print encode_json(\@verdicts), "\n";
}
