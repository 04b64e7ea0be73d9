#![allow(clippy::unwrap_used)]

use super::super::sources::tor_bridge::cksum;
use super::*;

/// 2026-11-22 06:00 UTC: when the servers here are asked.
const NOW: i64 = 1_795_327_200;

/// An instance: its name, and each section with its body, or `absent` or `denied`.
type Sections<'a> = (&'a str, &'a [(&'a str, Result<&'a str, &'a str>)]);

fn extract_of(epoch: i64, version: u32, instances: &[Sections<'_>]) -> Vec<u8> {
    let mut text = format!("torcollect-extract 1 {epoch} {version}\n");
    let mut count = 0;
    for (instance, sections) in instances {
        text += &format!("instance {instance}\n");
        for (name, state) in *sections {
            count += 1;
            text += &match state {
                Ok(body) => format!("section {name} {} {epoch}\n{body}\n", body.len()),
                Err(state) => format!("section {name} {state}\n"),
            };
        }
    }
    let sum = cksum(text.as_bytes());
    format!("{text}end {count} {sum}\n").into_bytes()
}

fn extract(instances: &[Sections<'_>]) -> Vec<u8> {
    extract_of(NOW, SCRIPT_VERSION, instances)
}

fn printed(stdout: Vec<u8>) -> Result<Fetched, Failure> {
    Ok(Fetched { stdout, stderr: String::new(), exit: 0 })
}

/// A server that answers with this, whatever it is asked for.
fn asked(answer: Result<Fetched, Failure>) -> Asked {
    let time = |second| Timestamp::from_second(second).unwrap();
    let another = answer.is_ok().then(|| answer.clone());
    Asked { extract: answer, another, started: time(NOW), finished: time(NOW + 1) }
}

fn stats(ends: &str) -> String {
    format!(
        "bridge-stats-end {ends} (86400 s)\nbridge-ips ru=8\nbridge-ip-versions v4=8,v6=0\nbridge-ip-transports <OR>=8\n"
    )
}

const IDENTITY: (&str, Result<&str, &str>) =
    ("hashed-fingerprint", Ok("oak 5FA6B2382B48F35DC0B9724163C706C4E9042E4F\n"));
const DENIED: [(&str, Result<&str, &str>); 2] = [("bridge-stats", Err("denied")), ("state", Err("denied"))];

/// A server with one instance, `default`, that says this of its clients.
fn with_stats(body: &str) -> Vec<u8> {
    extract(&[("default", &[("bridge-stats", Ok(body)), IDENTITY])])
}

/// The steps that are not fine, as `STEP: MESSAGE | REMEDY`; skipped ones as `STEP —`.
fn wrong(asked: &Asked) -> Vec<String> {
    let shown = |check: Check| match check.outcome {
        Outcome::Fine(_) => None,
        Outcome::Skipped => Some(format!("{} —", check.step)),
        Outcome::Odd { message, remedy } => Some(format!("{} (odd): {message} | {remedy}", check.step)),
        Outcome::Failed { message, remedy } => Some(format!("{}: {message} | {remedy}", check.step)),
    };
    checks(false, asked).into_iter().filter_map(shown).collect()
}

/// What is said of a step.
fn said(step: Step, asked: &Asked) -> Outcome {
    checks(false, asked).into_iter().find(|check| check.step == step).unwrap().outcome
}

#[test]
fn every_step_of_a_server_that_works_is_fine() {
    let asked = asked(printed(with_stats(&stats("2026-11-21 18:00:00"))));
    assert_eq!(wrong(&asked), [""; 0]);
    assert_eq!(checks(false, &asked).len(), Step::ALL.len());
    assert_eq!(said(Step::Statistics, &asked), fine("the newest are 12 hours old"));
    assert_eq!(said(Step::Sudo, &asked), fine("`default` may be read"));
    assert_eq!(said(Step::DropIns, &asked), fine("there are none"));
}

#[test]
fn a_server_here_has_no_steps_of_ssh() {
    let asked = Asked { another: None, ..asked(printed(with_stats(&stats("2026-11-21 18:00:00")))) };
    let checks = checks(true, &asked);
    let skipped = checks.iter().filter(|check| check.outcome == Outcome::Skipped).map(|check| check.step);
    assert_eq!(skipped.collect::<Vec<_>>(), [Step::Reach, Step::HostKey, Step::Key]);
    assert_eq!(checks[3].outcome, fine("it prints an extract"));
}

#[test]
fn each_failure_of_a_connection_belongs_to_its_step_and_the_later_ones_are_not_tried() {
    use Failure as F;
    for (failure, step, remedy) in [
        (F::Refused, Step::Reach, "see that sshd runs there"),
        (F::ConnectTimeout, Step::Reach, "see that the server is up"),
        (F::Disconnected, Step::Reach, "try again"),
        (
            F::HostKeyChanged("x".into()),
            Step::HostKey,
            "if the server was installed again, `torcollect server add NAME ADDRESS --host-key KEY` pins",
        ),
        (F::HostKeyUnknown("x".into()), Step::HostKey, "run `torcollect server add NAME ADDRESS`"),
        (F::HostKeyRevoked, Step::HostKey, "whoever answers there"),
        (F::KeyRefused, Step::Key, "run `torcollect server add NAME ADDRESS` again"),
        (F::NoKey("x".into()), Step::Key, "name an unencrypted private key"),
        (F::Silent, Step::ForcedCommand, "see what holds up the server"),
        (F::TooLarge(8), Step::ForcedCommand, "see what the forced command"),
    ] {
        let checks = checks(false, &asked(Err(failure.clone())));
        for check in checks {
            match (check.step.cmp(&step), &check.outcome) {
                (std::cmp::Ordering::Less, Outcome::Fine(_)) | (std::cmp::Ordering::Greater, Outcome::Skipped) => {}
                (std::cmp::Ordering::Equal, Outcome::Failed { message, remedy: found }) => {
                    assert_eq!(*message, failure.story());
                    assert!(found.starts_with(remedy), "{failure:?}: {found}");
                }
                other => panic!("{failure:?}: {other:?}"),
            }
        }
    }
}

#[test]
fn a_script_that_is_missing_is_to_be_installed_again() {
    let answer = Fetched { stdout: Vec::new(), stderr: "sh: not found\n".to_owned(), exit: 127 };
    let wrong = wrong(&asked(Ok(answer)));
    assert_eq!(
        wrong[0],
        format!("forced command: the command failed with exit status 127: sh: not found | {ADD_AGAIN}")
    );
    assert_eq!(wrong[1..].len(), 6);
}

#[test]
fn what_is_no_extract_is_a_wrong_command() {
    let whole = with_stats("");
    assert!(wrong(&asked(printed(b"Welcome!\n".to_vec())))[0].contains("the key can do more than it should"));
    assert!(wrong(&asked(printed(whole[..whole.len() - 5].to_vec())))[0].contains("truncated"));
    let later = String::from_utf8(whole).unwrap().replacen("extract 1", "extract 2", 1);
    assert!(wrong(&asked(printed(later.into_bytes())))[0].ends_with("| update torcollect"));
}

#[test]
fn a_key_that_runs_another_command_can_do_more_than_it_should() {
    let id = printed(b"uid=1000(torcollect)\n".to_vec());
    let whole = printed(with_stats(&stats("2026-11-21 18:00:00")));
    let not_found = Ok(Fetched { stdout: Vec::new(), stderr: "sh: torcollect-extract: not found".into(), exit: 127 });
    for extract in [whole, not_found] {
        let asked = Asked { another: Some(id.clone()), ..asked(extract) };
        assert_eq!(
            wrong(&asked)[0],
            format!(
                "forced command: asked for `id`, the server did not answer with an extract: the key can do more than it \
                 should | {ADD_AGAIN}: behind the key it lets nothing happen but `restrict,command=…`"
            )
        );
    }
}

#[test]
fn a_script_of_another_version_is_odd_but_works() {
    let sections: &[Sections<'_>] =
        &[("default", &[("bridge-stats", Ok(&stats("2026-11-21 18:00:00")[..])), IDENTITY])];
    let wrong = wrong(&asked(printed(extract_of(NOW, 1, sections))));
    assert_eq!(
        wrong,
        [format!(
            "forced command (odd): the server has version 1 of the script, this torcollect brings version {SCRIPT_VERSION} | {ADD_AGAIN}"
        )]
    );
}

#[test]
fn an_instance_that_sudo_refuses_is_named_and_the_others_are_looked_at() {
    let good = stats("2026-11-21 18:00:00");
    let content = extract(&[("a", &DENIED), ("b", &[("bridge-stats", Ok(&good)), IDENTITY])]);
    let stderr = "sudo: a password is required\nextract: instance a cannot be read\n".to_owned();
    let answer = Ok(Fetched { stderr, ..printed(content).unwrap() });
    let expected = format!("sudo: `a` may not be read: sudo says `a password is required` | {ADD_AGAIN}");
    assert_eq!(wrong(&asked(answer)), [expected]);
    let nothing = wrong(&asked(printed(extract(&[("a", &DENIED)]))));
    assert_eq!(nothing, [&format!("sudo: `a` may not be read | {ADD_AGAIN}"), "files —", "GeoIP —", "statistics —"]);
}

#[test]
fn files_that_are_missing_or_wrong_are_named() {
    let first = |instances: &[Sections<'_>]| wrong(&asked(printed(extract(instances))));
    assert!(first(&[])[1].starts_with("files: the server knows of no tor | mend `/etc/torcollect/instances`"));
    let empty = first(&[("a", &[("bridge-stats", Err("absent")), ("state", Err("absent"))])]);
    assert!(empty[0].starts_with("files: nothing of a bridge is in the data directory of `a` |"), "{empty:?}");
    let noise =
        first(&[("a", &[("bridge-stats", Ok("bridge-stats-end never\n")), ("state", Err("denied")), IDENTITY])]);
    assert!(noise[0].starts_with("files: `a`: `bridge-stats` "), "{noise:?}");
    assert!(noise[0].contains("; `a`: `state` may not be read | see that tor itself"), "{noise:?}");
    let stderr = "extract: line 2 of the instances is not `NAME USER DIR`\n".to_owned();
    let answer = Ok(Fetched { stderr, ..printed(with_stats(&stats("2026-11-21 18:00:00"))).unwrap() });
    assert!(wrong(&asked(answer))[0].starts_with("files: line 2 of the instances is not `NAME USER DIR` |"));
}

#[test]
fn a_clock_is_wrong_from_an_hour_on() {
    let asked_at = |epoch: i64| {
        let body = stats("2026-11-21 18:00:00");
        asked(printed(extract_of(epoch, SCRIPT_VERSION, &[("a", &[("bridge-stats", Ok(&body)), IDENTITY])])))
    };
    let at = |epoch| said(Step::Clock, &asked_at(epoch));
    assert_eq!(at(NOW), fine("it goes right"));
    assert_eq!(at(NOW + 1), fine("it goes right"));
    assert_eq!(at(NOW - 2), fine("it is 2 seconds behind"));
    assert_eq!(at(NOW + 1 + 3600), fine("it is 60 minutes ahead"));
    let Outcome::Failed { message, remedy } = at(NOW - 3 * 86_400) else { panic!("a wrong clock") };
    assert_eq!(message, "it is 3 days behind, so that the statistics cannot be dated");
    assert!(remedy.starts_with("`timedatectl set-ntp true`"));
    assert_eq!(wrong(&asked_at(NOW - 3 * 86_400))[1..], ["statistics —"], "no other step is blamed");
}

#[test]
fn a_tor_without_geoip_is_named() {
    let without = "bridge-stats-end 2026-11-21 18:00:00 (86400 s)\nbridge-ips \nbridge-ip-versions \nbridge-ip-transports <OR>=8\n";
    let with = stats("2026-11-21 18:00:00");
    let both: &[Sections<'_>] =
        &[("a", &[("bridge-stats", Ok(without)), IDENTITY]), ("b", &[("bridge-stats", Ok(&with)), IDENTITY])];
    assert_eq!(
        wrong(&asked(printed(extract(both)))),
        [
            "GeoIP: `a` knew no countries | `apt-get install tor-geoipdb` on the server and restart tor; the next statistics have them"
        ]
    );
}

#[test]
fn statistics_that_are_old_or_not_there_are_named() {
    let old = wrong(&asked(printed(with_stats(&stats("2026-11-20 05:59:59")))));
    assert!(old[0].starts_with("statistics: the newest of `default` are 2 days old | see on the server"), "{old:?}");
    assert_eq!(wrong(&asked(printed(with_stats(&stats("2026-11-20 06:00:00"))))), [""; 0]);
    let none = wrong(&asked(printed(extract(&[("default", &[("bridge-stats", Err("absent")), IDENTITY])]))));
    assert_eq!(
        none,
        [
            "GeoIP —",
            "statistics (odd): `default` has none yet | tor writes them after 24 hours of running with `BridgeRelay 1`: test again then"
        ]
    );
}

#[test]
fn what_came_of_each_drop_in_is_said_and_none_of_them_fails_the_server() {
    let tors = with_stats(&stats("2026-11-21 18:00:00"));
    let tors = String::from_utf8(tors).unwrap();
    let (head, tors) = tors.split_once('\n').unwrap();
    let tors = &tors[..tors.rfind("end ").unwrap()];
    let with = |own: &str, stderr: &str| {
        let text = format!("{head}\n{own}{tors}");
        let count = 2 + own.lines().filter(|line| line.starts_with("section ")).count();
        let content = format!("{text}end {count} {}\n", cksum(text.as_bytes())).into_bytes();
        asked(Ok(Fetched { stderr: stderr.to_owned(), ..printed(content).unwrap() }))
    };
    let disk = "section disk 3 1795327200\nx 1\n";
    assert_eq!(said(Step::DropIns, &with(disk, "")), fine("`disk` printed 3 bytes"));
    let stderr = "extract: drop-in c: it is not root's\nextract: drop-in cc: its folder is a symbolic link\n";
    let several =
        with(&format!("section a failed 3\nsection b failed 124\nsection c denied\nsection cc denied\n{disk}"), stderr);
    assert_eq!(
        wrong(&several),
        [
            "drop-ins (odd): `a` failed with exit status 3; `b` failed with exit status 124: it took longer than 20 seconds, or \
             all of them longer than 25; `c` was not run: it is not root's; `cc` was not run: its folder is a symbolic link; \
             `disk` printed 3 bytes | see on the server what `sudo -u torcollect /etc/torcollect/extract.d/a` says; make the \
             folder `/etc/torcollect/extract.d` and the programs in it root's, with mode 755, on the server; a link is not \
             run, and names are of letters, digits, `.`, `_` and `-`"
        ]
    );
    let unread = wrong(&with("", "extract: drop-ins: the folder cannot be read\n"));
    assert!(unread[0].starts_with("drop-ins (odd): the folder cannot be read | make the folder "), "{unread:?}");
    let failed = wrong(&with("section a failed 1\n", ""));
    assert!(failed[0].ends_with("`a` failed with exit status 1 | see on the server what `sudo -u torcollect /etc/torcollect/extract.d/a` says"), "{failed:?}");
    assert!(!checks(false, &several).iter().any(Check::failed));
}
