use mtbsync_task::progress::Silent;

use super::*;
use crate::batch::wire::PairTask;

/// Runs a job in a shell script in place of the program.
fn run(script: &str, silence: Duration, cancel: &Cancel) -> Result<Reply, ProcessError> {
    let program = PairProgram {
        program: "/bin/sh".into(),
        args: vec!["-c".into(), script.into()],
        silence,
        outlives_ctrl_c: false,
    };
    let job = PairJob {
        task: PairTask::DescribeReference {
            reference: "ref.mp4".into(),
            out: None,
        },
        threads: 1,
    };
    program.run(&job, &Silent, cancel)
}

const LONG: Duration = Duration::from_secs(600);

#[test]
fn the_reply_is_found_among_other_lines() {
    let script = r#"read job
        case "$job" in *describe_reference*ref.mp4*) ;; *) exit 9 ;; esac
        echo "a library says hello"
        echo '{"start":{"stage":"of a newer version","total":1,"media_secs":null}}'
        echo '{"reply":"described"}'"#;
    let reply = run(script, LONG, &Cancel::default()).unwrap();
    assert!(matches!(reply, Reply::Described));
}

#[test]
fn how_a_process_died_is_said() {
    for (script, says) in [
        ("kill -KILL $$", "killed (signal 9), perhaps for lack of memory"),
        ("kill -ABRT $$", "aborted (signal 6), perhaps for lack of memory"),
        ("kill -SEGV $$", "ended by signal 11"),
        ("exit 7", "ended without a result (exit code 7)"),
        ("echo '{\"reply\":'", "ended without a result (exit code 0)"),
    ] {
        let error = run(script, LONG, &Cancel::default()).unwrap_err();
        assert!(error.to_string().contains(says), "{script}: {error}");
    }
}

#[test]
fn a_silent_process_is_hung_and_is_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let pid_file = folder.path().join("pid");
    let script = format!("echo $$ > {}; exec sleep 600", pid_file.display());
    let error = run(&script, Duration::from_millis(1500), &Cancel::default()).unwrap_err();
    assert!(matches!(error, ProcessError::Hung(1)), "{error}");
    assert!(error.hint().is_some_and(|hint| hint.contains("doctor")));
    let pid = std::fs::read_to_string(pid_file).unwrap();
    let alive = Command::new("kill")
        .args(["-0", pid.trim()])
        .stderr(Stdio::null())
        .status();
    assert!(!alive.unwrap().success(), "it must not go on");
}

#[test]
fn a_cancelled_process_hears_of_it_by_its_stdin() {
    let folder = tempfile::tempdir().unwrap();
    let note = folder.path().join("cleaned-up");
    let cancel = Cancel::default();
    cancel.request();
    let script = format!("read job; read end; touch {}", note.display());
    let error = run(&script, LONG, &cancel).unwrap_err();
    assert!(matches!(error, ProcessError::Interrupted));
    assert!(note.exists(), "it had time to clean up");
}

#[test]
fn a_program_that_is_missing_is_an_error() {
    let program = PairProgram {
        program: "/nonexistent/mtbsync".into(),
        args: Vec::new(),
        silence: LONG,
        outlives_ctrl_c: false,
    };
    let job = PairJob {
        task: PairTask::DescribeReference {
            reference: PathBuf::new(),
            out: None,
        },
        threads: 1,
    };
    let error = program.run(&job, &Silent, &Cancel::default()).unwrap_err();
    assert!(matches!(error, ProcessError::Start(_)));
}
