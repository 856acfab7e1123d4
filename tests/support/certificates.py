"""A certificate authority for tests, and certificates of servers by it."""

import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _write(path, content, mode=0o644):
    path.write_bytes(content)
    path.chmod(mode)


class Authority:
    def __init__(self, directory, name):
        """Writes DIRECTORY/NAME.crt."""
        self.file = directory / f"{name}.crt"
        self._key, self._name = ec.generate_private_key(ec.SECP256R1()), _name(name)
        _write(self.file, self._certificate(self._name, self._key, x509.BasicConstraints(ca=True, path_length=0)))

    def _certificate(self, subject, key, *extensions):
        now = datetime.datetime.utcnow()
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(key.public_key())
                   .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
                   .not_valid_after(now + datetime.timedelta(days=1)))
        for extension in extensions:
            builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def issue(self, host, certificate, key):
        """Writes a certificate for the host, and its key for the owner of the directory only."""
        private = ec.generate_private_key(ec.SECP256R1())
        _write(certificate, self._certificate(_name(host), private,
                                              x509.SubjectAlternativeName([x509.DNSName(host)])))
        _write(key, private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                          serialization.NoEncryption()), 0o600)
