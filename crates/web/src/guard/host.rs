//! The name a request is addressed to. A page of somebody else can make a browser send requests to this
//! server under a name of its own (DNS rebinding); such a name is never one of ours.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use axum::body::Body;
use axum::http::Request;
use axum::http::header::HOST;

use crate::error::{ApiError, Kind};

/// # Errors
/// No Host, several of them, or a name that is not ours.
pub fn check(request: &Request<Body>, allowed: &[String]) -> Result<(), ApiError> {
    let refuse = || ApiError::new(Kind::Host, "this server does not answer to that host name");
    let mut hosts = request.headers().get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return Err(refuse());
    };
    let host = host.to_str().map_err(|_| refuse())?;
    // An absolute address names the host once more.
    let also = request.uri().authority().map(|authority| authority.as_str());
    if std::iter::once(host)
        .chain(also)
        .all(|name| is_allowed(name, allowed))
    {
        Ok(())
    } else {
        Err(refuse())
    }
}

/// Whether `authority` (`name`, `name:port`, `[ipv6]:port`) names this server: localhost, a name below it, an
/// address literal, or a name given on the command line. Ports are not looked at: forwarders change them.
pub fn is_allowed(authority: &str, allowed: &[String]) -> bool {
    let Some(name) = name_of(authority) else {
        return false;
    };
    if let Some(literal) = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return literal.parse::<Ipv6Addr>().is_ok();
    }
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || name.parse::<Ipv4Addr>().is_ok()
        || allowed.iter().any(|one| one.eq_ignore_ascii_case(&name))
}

/// Whether a page at `authority` is one of ours: of a name of this machine that nobody else can have, of a
/// name given on the command line, or of the very name the request was addressed to (`host`). An address
/// literal of another machine may name this server, but a page there is not of this server.
pub fn is_own_origin(authority: &str, host: Option<&str>, allowed: &[String]) -> bool {
    let Some(name) = name_of(authority) else {
        return false;
    };
    let literal = name.trim_start_matches('[').trim_end_matches(']');
    let is_other_machine = literal
        .parse::<IpAddr>()
        .is_ok_and(|address| !address.is_loopback());
    let is_host = || {
        host.and_then(name_of)
            .is_some_and(|host| host.eq_ignore_ascii_case(name))
    };
    is_allowed(authority, allowed) && (!is_other_machine || is_host())
}

/// The part before the port; `None` when what follows is no port.
fn name_of(authority: &str) -> Option<&str> {
    let end = match authority.strip_prefix('[') {
        Some(rest) => rest.find(']')? + 2,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (name, port) = authority.split_at_checked(end)?;
    let is_port = port.is_empty()
        || port
            .strip_prefix(':')
            .is_some_and(|digits| digits.parse::<u16>().is_ok() || digits.is_empty());
    (is_port && !name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_names_pass_with_every_port() {
        let allowed = ["bike-pc.lan".to_owned()];
        for name in [
            "localhost",
            "LOCALHOST:8760",
            "app.localhost:1",
            "localhost.",
            "127.0.0.1:65535",
            "192.168.1.7",
            "[::1]:80",
            "[::1]",
            "Bike-PC.lan:8760",
        ] {
            assert!(is_allowed(name, &allowed), "{name}");
        }
    }

    #[test]
    fn other_names_do_not() {
        for name in [
            "",
            ":80",
            "evil.example",
            "localhost.evil.example",
            "notlocalhost",
            "127.0.0.1.evil.example",
            "localhost:80:80",
            "localhost:99999",
            "user@localhost",
            "[::1",
            "[::1]x",
            "[zz]",
            "2130706433",
            "localhost/evil",
        ] {
            assert!(!is_allowed(name, &[]), "{name}");
        }
    }
}
