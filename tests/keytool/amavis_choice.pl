# Prints with which key amavisd signs the mail of each author: "ADDRESS DOMAIN/SELECTOR", or "ADDRESS -". The code
# that reads the configuration, looks up the options and chooses the key is amavisd's own.
#
#   perl -T amavis_choice.pl CONFIGURATION ADDRESS...
use strict;
use warnings;
use Exporter ();
use Amavis::Boot;
use Amavis::Conf qw(:confvars :dynamic_confvars ca);
use Amavis::Lookup qw(lookup2);
use Amavis::rfc2821_2822_Tools qw(split_address);
use Amavis::DKIM;

my ($file, @addresses) = map { /^([\w.@+\/-]+)\z/ ? $1 : die "odd argument\n" } @ARGV;
Amavis::Conf::include_config_files($file);
Amavis::DKIM::dkim_key_postprocess();
my $maps = ca('dkim_signature_options_bysender_maps');
for my $address (@addresses) {
    my ($found) = @$maps ? lookup2(1, $address, $maps) : ();
    my %options;
    # As in dkim_make_signatures: the first value of each option counts.
    for my $some (@{$found || []}, { c => 'relaxed/simple', a => 'rsa-sha256' }) {
        next if ref $some ne 'HASH';
        %options = (%$some, %options);
    }
    if (!exists $options{d}) {
        my (undef, $domain) = split_address($address);
        $options{d} = $domain =~ s/^\@//r;
    }
    my %key = Amavis::DKIM::get_dkim_key(%options);
    print "$address ", (defined $key{selector} ? "$options{d}/$key{selector}" : '-'), "\n";
}
