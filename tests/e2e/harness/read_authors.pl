#!/usr/bin/perl
# Says whom Mail::DKIM takes for the author of a message, and all addresses that its parser finds in the field.
# usage: read_authors.pl < JSON-array-of-From-values
# Prints a JSON array of arrays, the author first.
use strict;
use warnings;

use JSON::PP;
use Mail::Address;
use Mail::DKIM::Verifier;

my @found;
for my $value (@{ decode_json(do { local $/; <STDIN> }) }) {
    my $raw = $value;
    utf8::encode($raw);
    my $verifier = Mail::DKIM::Verifier->new();
    $verifier->PRINT("From: $raw\015\012\015\012");
    $verifier->CLOSE();
    my $author = $verifier->message_originator;
    my @addresses = grep { defined } ($author && $author->address, map { $_->address } Mail::Address->parse($raw));
    utf8::decode($_) for @addresses;
    push @found, \@addresses;
}
print encode_json(\@found), "\n";
