use super::*;

struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NUMBER: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let name = format!("livestream-certificate-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A certificate and its key, in PEM.
fn pair() -> (String, String) {
    let made = rcgen::generate_simple_self_signed(vec!["cam.lan".to_owned()]).unwrap();
    (made.cert.pem(), made.signing_key.serialize_pem())
}

#[test]
fn what_is_wrong_is_told_with_the_file() {
    let folder = Folder::new();
    let ((certificate, key), (_, other_key)) = (pair(), pair());
    for (certificate, key, words) in [
        (&*certificate, &*other_key, "key.pem does not fit the certificate in"),
        ("", &*key, "cert.pem holds no certificate"),
        (&*key, &*key, "cert.pem holds no certificate"),
        (&*certificate, "", "key.pem holds no private key"),
        (&*certificate, &*certificate, "key.pem holds no private key"),
        (&certificate[..certificate.len() / 2], &*key, "cert.pem is no PEM file"),
    ] {
        let files = (folder.write("cert.pem", certificate), folder.write("key.pem", key));
        let error = Certificate::read(files.0, files.1).err().expect(words).to_string();
        assert!(error.contains(words) && !error.contains('\n'), "{error}");
    }
    let gone = folder.0.join("gone.pem");
    let error = Certificate::read(gone.clone(), gone).err().expect("it is gone").to_string();
    assert!(error.starts_with("cannot read ") && error.contains("gone.pem"), "{error}");
}

#[test]
fn files_that_change_are_shown_and_wrong_ones_are_not() {
    let folder = Folder::new();
    let (first, second) = (pair(), pair());
    let files = (folder.write("cert.pem", &first.0), folder.write("key.pem", &first.1));
    let certificate = Certificate::read(files.0, files.1).unwrap();
    let shown = || Arc::clone(&certificate.shown.0.lock());
    let before = shown();
    certificate.look_again();
    assert!(Arc::ptr_eq(&before, &shown()), "nothing changed");
    // One file comes after the other.
    folder.write("cert.pem", &second.0);
    certificate.look_again();
    assert!(Arc::ptr_eq(&before, &shown()), "the pair does not fit");
    folder.write("key.pem", &second.1);
    certificate.look_again();
    let after = shown();
    assert_ne!(before.cert, after.cert);
    std::fs::remove_file(folder.0.join("key.pem")).unwrap();
    certificate.look_again();
    assert!(Arc::ptr_eq(&after, &shown()), "there is none to take its place");
}

#[test]
fn nobody_watches_the_files_any_more_after_the_end() {
    let folder = Folder::new();
    let made = pair();
    let files = (folder.write("cert.pem", &made.0), folder.write("key.pem", &made.1));
    let certificate = Arc::new(Certificate::read(files.0, files.1).unwrap());
    let shutdown = Shutdown::new();
    let watching = certificate.watch(&shutdown).unwrap();
    assert_eq!(watching.thread().name(), Some("certificate"));
    shutdown.ask();
    watching.join().unwrap();
    assert_eq!(Arc::strong_count(&certificate), 1);
}
