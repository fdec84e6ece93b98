//! Web servers that others wrote, as cameras that want a login.

use std::net::TcpStream;
use std::process::Command;

use super::clip::Scratch;
use super::program::Program;
use super::server::Port;
use super::{LONG, eventually};

/// A server with a folder of its own, for one user. Dropping it ends it.
pub(crate) struct Httpd {
    _program: Program,
    home: Scratch,
    port: Port,
}

/// Which server, and what it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asks {
    /// Apache's `mod_auth_digest`: MD5.
    ApacheMd5,
    /// lighttpd's `mod_auth`: SHA-256.
    LighttpdSha256,
    /// lighttpd's `mod_auth`: MD5.
    LighttpdMd5,
    /// lighttpd's `mod_auth`: Basic.
    LighttpdBasic,
}

impl Httpd {
    /// Starts it on a free port, with files by name. Those that end in `.mjpeg` are streams with
    /// the boundary `frame`; of others Apache states no type.
    pub(crate) fn start(asks: Asks, files: &[(&str, &[u8])]) -> Self {
        let (home, port) = (Scratch::new(), Port::reserve());
        for (name, bytes) in files {
            home.write(name, bytes);
        }
        let mut command = match asks {
            Asks::ApacheMd5 => apache(&home, port.number),
            _ => lighttpd(asks, &home, port.number),
        };
        let (program, _) = Program::start(&mut command, "run `scripts/setup test`");
        let server = Self { _program: program, home, port };
        eventually("it listens", LONG, || {
            TcpStream::connect(("127.0.0.1", server.port.number)).map_err(|error| error.to_string())
        });
        server
    }

    /// What to give to `--source`, with a user or none.
    pub(crate) fn url(&self, userinfo: &str, path: &str) -> String {
        format!("http://{userinfo}127.0.0.1:{}/{path}", self.port.number)
    }

    /// The folder that it serves.
    pub(crate) fn home(&self) -> &Scratch {
        &self.home
    }
}

fn apache(home: &Scratch, port: u16) -> Command {
    let folder = home.path();
    // Of `me:cam:PASSWORD`, by md5sum.
    home.write("users", b"me:cam:03f14d18ff5ee8155e8cb5eff41cb867\n");
    let modules =
        ["mpm_event", "authn_core", "authn_file", "authz_core", "authz_user", "auth_digest"];
    let load =
        |name: &&str| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n");
    let load: String = modules.iter().map(load).collect();
    let rules = format!(
        "{load}ServerRoot \"{folder}\"\nDocumentRoot \"{folder}\"\nServerName localhost\n\
         Listen 127.0.0.1:{port}\nPidFile pid\nMutex file:{folder} default\nErrorLog /dev/stderr\n\
         <Location />\nAuthType Digest\nAuthName cam\nAuthDigestProvider file\n\
         AuthUserFile users\nRequire valid-user\n</Location>\n\
         <Files *.mjpeg>\nForceType \"multipart/x-mixed-replace; boundary=frame\"\n</Files>\n"
    );
    let file = home.write("rules", rules.as_bytes());
    let mut command = Command::new("/usr/sbin/apache2");
    // One process, which ends when it is told to.
    command.args(["-X", "-f"]).arg(file);
    command
}

fn lighttpd(asks: Asks, home: &Scratch, port: u16) -> Command {
    let folder = home.path();
    let (users, backend, method, algorithm) = match asks {
        // Of `me:cam:PASSWORD`, by sha256sum and md5sum.
        Asks::LighttpdSha256 => (
            "me:cam:acefe60cf799a31ec3f8a4a9aeff836c17467cd8c9023c4b1f18f055f0c11d1b",
            "htdigest",
            "digest",
            "SHA-256",
        ),
        Asks::LighttpdMd5 => {
            ("me:cam:03f14d18ff5ee8155e8cb5eff41cb867", "htdigest", "digest", "MD5")
        }
        _ => ("me:s:e c\"r#t", "plain", "basic", "MD5"),
    };
    home.write("users", format!("{users}\n").as_bytes());
    let rules = format!(
        "server.document-root = \"{folder}\"\nserver.bind = \"127.0.0.1\"\nserver.port = {port}\n\
         server.modules = (\"mod_auth\", \"mod_authn_file\")\n\
         mimetype.assign = (\".mjpeg\" => \"multipart/x-mixed-replace; boundary=frame\", \
         \".jpg\" => \"image/jpeg\")\n\
         auth.backend = \"{backend}\"\nauth.backend.{backend}.userfile = \"{folder}/users\"\n\
         auth.require = (\"/\" => (\"method\" => \"{method}\", \"algorithm\" => \"{algorithm}\", \
         \"realm\" => \"cam\", \"require\" => \"valid-user\"))\n"
    );
    let file = home.write("rules", rules.as_bytes());
    let mut command = Command::new("/usr/sbin/lighttpd");
    command.arg("-D").arg("-f").arg(file);
    command
}

/// A password with what must be encoded in an address, as it is written there: `s:e c"r#t`.
pub(crate) const LOGIN: &str = "me:s%3Ae%20c%22r%23t@";
