"""Certificates for tests, made by openssl: one that is right for 127.0.0.1 and others that a client must refuse."""
import pathlib
import subprocess

# right: of the authority, for 127.0.0.1; expired: it was right until yesterday; other: for another host; alone: signed by itself
NAMES = ("right", "expired", "other", "alone")
CONFIGURATION = """[ca]
default_ca = ours
[ours]
new_certs_dir = .
database = index.txt
serial = serial
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
"""


def run(folder, *command):
    done = subprocess.run(["openssl", *command], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"openssl {command[0]}: {done.stderr.strip()}")


def make(folder):
    """The authority ca.pem and NAME.pem, NAME.key of each name."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "index.txt").write_text("", encoding="utf-8")
    (folder / "serial").write_text("1000\n", encoding="utf-8")
    (folder / "ca.cnf").write_text(CONFIGURATION, encoding="utf-8")
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    run(folder, "req", "-x509", *key, "-days", "2", "-subj", "/CN=Test authority", "-keyout", "ca.key", "-out", "ca.pem")
    run(folder, "req", "-x509", *key, "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
        "-keyout", "alone.key", "-out", "alone.pem")
    for name, host, dates in (("right", "IP:127.0.0.1", ("-days", "2")), ("other", "DNS:other.example", ("-days", "2")),
                              ("expired", "IP:127.0.0.1", ("-startdate", "20200101000000Z", "-enddate", "20200102000000Z"))):
        (folder / f"{name}.ext").write_text(f"subjectAltName={host}\n", encoding="utf-8")
        run(folder, "req", *key, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        run(folder, "ca", "-batch", "-notext", "-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key", "-in", f"{name}.csr",
            "-out", f"{name}.pem", "-extfile", f"{name}.ext", *dates)


def files(folder, name):
    """(certificate, key), made when the folder has none."""
    folder = pathlib.Path(folder)
    if not (folder / "ca.pem").exists():
        make(folder)
    return folder / f"{name}.pem", folder / f"{name}.key"
