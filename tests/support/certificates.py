"""An authority, and certificates of its own making, as files that libpq and a server take."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Authority:
    """Signs certificates; its own is `<folder>/<name>.crt`."""

    def __init__(self, folder: Path, name: str):
        self._folder, self._name = folder, x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._key = ec.generate_private_key(ec.SECP256R1())
        own = self._begun(self._name, self._key).add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        self.file = self._write(f"{name}.crt", own.sign(self._key, hashes.SHA256()))

    def issue(self, name: str, *hosts: str, days: int = 30) -> tuple[Path, Path]:
        """A certificate for this common name, and these hosts, with its key: both files. days: below 0, it is over."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        begun = self._begun(subject, key, days)
        if hosts:
            begun = begun.add_extension(x509.SubjectAlternativeName(list(map(_general_name, hosts))), False)
        stem = f"{name}{'-expired' if days < 0 else ''}"
        certificate = self._write(f"{stem}.crt", begun.sign(self._key, hashes.SHA256()))
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        written = self._folder / f"{stem}.key"
        written.write_bytes(key.private_bytes(*form))
        written.chmod(0o600)
        return certificate, written

    def _begun(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, days: int = 30) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=90))
            .not_valid_after(now + timedelta(days=days))
        )

    def _write(self, name: str, certificate: x509.Certificate) -> Path:
        path = self._folder / name
        path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return path


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)
