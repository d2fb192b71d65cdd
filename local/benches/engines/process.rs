//! An engine's process: its start, its CPU, its memory, its end.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::FunctionCode;
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// What an engine says in its first line.
#[derive(Deserialize)]
pub(crate) struct Place {
    pub(crate) endpoint: String,
    pub(crate) region: String,
    pub(crate) account: String,
    pub(crate) access_key: String,
    pub(crate) secret_key: String,
    /// A role for the functions, where the engine asks who may do what.
    role: Option<String>,
}

impl Place {
    /// The functions' role. An engine that brought none is asked for one, by hand: its keys are not looked at.
    pub(crate) async fn role(&self) -> String {
        if let Some(role) = &self.role {
            return role.clone();
        }
        let form = "Action=CreateRole&Version=2010-05-08&RoleName=function&AssumeRolePolicyDocument=%7B%7D";
        let request = format!(
            "POST / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\
             authorization: AWS4-HMAC-SHA256 Credential=test/20260101/{}/iam/aws4_request, SignedHeaders=host, \
             Signature=none\r\n\r\n{form}",
            form.len(),
            self.region
        );
        let mut stream = TcpStream::connect(self.endpoint.trim_start_matches("http://")).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        format!("arn:aws:iam::{}:role/function", self.account)
    }

    /// This program as a function's code: where it lies for the engine, packed for any other.
    pub(crate) fn code(&self) -> FunctionCode {
        let this = std::env::current_exe().unwrap();
        let code = FunctionCode::builder();
        match self.role {
            Some(_) => code.s3_bucket("eventloom").s3_key(this.display().to_string()).build(),
            None => code.zip_file(Blob::new(packed(&this))).build(),
        }
    }
}

/// A zip file with a program as `bootstrap`, by the Python that such an engine needs anyway.
fn packed(program: &Path) -> Vec<u8> {
    const PACK: &str = "import sys, zipfile, io\nout = io.BytesIO()\nwith zipfile.ZipFile(out, 'w') as z: \
                        z.write(sys.argv[1], 'bootstrap')\nsys.stdout.buffer.write(out.getvalue())";
    let packed = std::process::Command::new("python3").args(["-c", PACK]).arg(program).output().unwrap();
    assert!(packed.status.success());
    packed.stdout
}

pub(crate) struct Process {
    child: Child,
    id: u32,
}

impl Process {
    /// Starts a command; ready when it has said where it is.
    pub(crate) async fn start(command: &str) -> (Self, Place) {
        let mut words = command.split_whitespace();
        let mut child = Command::new(words.next().unwrap())
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let id = child.id().unwrap();
        let mut line = String::new();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        said.read_line(&mut line).await.unwrap();
        // Whatever else it says is of no interest, but the pipe may not fill.
        tokio::spawn(async move { tokio::io::copy(&mut said, &mut tokio::io::sink()).await });
        (Self { child, id }, serde_json::from_str(&line).unwrap())
    }

    /// User and system time so far, of this process alone.
    pub(crate) fn cpu(&mut self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.id)).unwrap();
        // The name, in brackets, may hold anything; after it utime and stime are the 12th and the 13th, in 1/100 s.
        let ticks = stat.rsplit_once(") ").unwrap().1.split(' ').skip(11).take(2);
        Duration::from_millis(ticks.map(|ticks| ticks.parse::<u64>().unwrap() * 10).sum())
    }

    /// The highest resident memory so far.
    pub(crate) fn peak_mib(&self) -> f64 {
        self.status("VmHWM:")
    }

    pub(crate) fn resident_mib(&self) -> f64 {
        self.status("VmRSS:")
    }

    fn status(&self, what: &str) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id)).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(what)).unwrap();
        line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
    }

    pub(crate) async fn end(mut self) {
        drop(self.child.stdin.take());
        let ended = tokio::time::timeout(Duration::from_secs(10), self.child.wait()).await;
        ended.unwrap().unwrap();
    }
}
