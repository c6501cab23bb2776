//! What the component says of itself. The form of it was judged when it was loaded.

use super::report::Report;
use crate::lab::Lab;
use crate::words;

const GROUP: &str = "schema";

pub(super) async fn run(lab: &Lab, report: &mut Report) {
    let info = &lab.loaded.info;
    let description = &info.description;
    report.judge(
        GROUP,
        "describes-itself-again-the-same",
        match lab.loaded.runtime.describe(&description.name).await {
            Ok(again) if again == *description => Ok(None),
            Ok(_) => {
                Err("`describe` answers differently the second time: the host asks once, and again after a restart"
                    .to_owned())
            }
            Err(error) => Err(error.message),
        },
    );
    report.judge(
        GROUP,
        "summary",
        if description.summary.trim().is_empty() { Err("the summary is empty".to_owned()) } else { Ok(None) },
    );
    let helpless: Vec<&str> = description
        .fields
        .iter()
        .filter(|field| field.help.trim().is_empty())
        .map(|field| field.name.as_str())
        .collect();
    report.judge(
        GROUP,
        "help",
        if helpless.is_empty() {
            Ok(None)
        } else {
            Err(format!("no help for {}: forms and documentation show it", helpless.join(", ")))
        },
    );
    report.judge(
        GROUP,
        "schemes",
        match crate::call::storage_kind(description) {
            Some(_) => Ok(Some(description.schemes.join(", "))),
            None => Err(format!("none of {} is a scheme that this host stores to", description.schemes.join(", "))),
        },
    );
    let hosts: Vec<String> = description.hosts.iter().map(words::host).collect();
    report.pass_with(GROUP, "hosts", if hosts.is_empty() { "none".to_owned() } else { hosts.join(", ") });
    report.judge(GROUP, "secrets-have-servers", servers(lab));
    report.pass_with(GROUP, "life", words::life(description));
}

/// A secret that is sent by requests of the strategy's own needs a server.
fn servers(lab: &Lab) -> Result<Option<String>, String> {
    let info = &lab.loaded.info;
    let description = &info.description;
    let services = ["sts", "azure", "gcp", "signing"];
    let imports = |interface: &&str| info.imports.iter().any(|import| import.contains(&format!("/{interface}@")));
    let of_services = services.iter().any(imports);
    let lost = description.fields.iter().find(|field| {
        let is_sent = field.secret_uses.iter().any(words::is_sent);
        is_sent && !of_services && words::secret_hosts(field, description).is_empty()
    });
    match lost {
        Some(field) => Err(format!("'{}' may be sent, and no host is asked for: it can go nowhere", field.name)),
        None => Ok(None),
    }
}
