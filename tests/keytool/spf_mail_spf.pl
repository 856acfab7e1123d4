#!/usr/bin/perl
# Evaluates SPF with Mail::SPF, for spf_agreement_test.py.
# usage: spf_mail_spf.pl RESOLVER < lines of "ADDRESS DOMAIN HELO"; prints one result per line.
use strict;
use warnings;

use Mail::SPF;
use Net::DNS::Resolver;

my ($address) = @ARGV;
my $resolver = Net::DNS::Resolver->new(nameservers => [$address], udp_timeout => 5, retry => 2);
my $server = Mail::SPF::Server->new(dns_resolver => $resolver);
$| = 1;
while (my $line = <STDIN>) {
    my ($client, $domain, $helo) = split ' ', $line;
    my $request = Mail::SPF::Request->new(
        versions => [1], scope => 'mfrom', identity => "postmaster\@$domain", ip_address => $client,
        helo_identity => $helo);
    print $server->process($request)->code, "\n";
}
