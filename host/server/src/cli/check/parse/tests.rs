//! Each form as its tools write it.

use std::path::Path;

use pangolin_core::credential_scan::in_document;

use super::{Form, documents, form_of};

/// `line field kind` of every finding, by the name of the file.
fn found(name: &str, text: &str) -> Vec<String> {
    let documents = documents(form_of(Path::new(name), text), text).unwrap();
    let found = documents.iter().flat_map(|leaves| in_document(leaves));
    found.map(|found| format!("{} {} {:?}", found.line, found.path, found.kind)).collect()
}

fn all(name: &str, text: &str, wanted: &[&str]) {
    assert_eq!(found(name, text), wanted, "{name}:\n{text}");
}

#[test]
fn names_and_first_lines_tell_the_form() {
    for (name, text, form) in [
        ("a.sh", "", Form::Shell),
        (".envrc", "", Form::Shell),
        ("entrypoint", "#!/usr/bin/env bash\n", Form::Shell),
        ("run", "#!/usr/bin/python3\n", Form::Text),
        ("Dockerfile.dev", "", Form::Dockerfile),
        ("host.dockerfile", "", Form::Dockerfile),
        ("main.tf", "", Form::Hcl),
        ("prod.auto.tfvars", "", Form::Hcl),
        ("app.properties", "", Form::Properties),
        ("spark-defaults.conf", "", Form::Properties),
        ("nginx.conf", "", Form::Lines),
        (".pyiceberg.yaml", "", Form::Yaml),
        ("init.sql", "", Form::Sql),
        ("README", "plain", Form::Text),
    ] {
        assert_eq!(form_of(Path::new(name), text), form, "{name}");
    }
}

#[test]
fn shell_scripts() {
    all(
        "a.sh",
        "#!/bin/sh\nset -eu\nexport DB_PASSWORD='hunter2' USER=ada\nTOKEN=abc curl x; PASS_KEY=1\n  readonly \\\n  API_KEY=\"a b\"\n",
        &["3 DB_PASSWORD SecretField", "4 TOKEN SecretField", "6 API_KEY SecretField"],
    );
    all(
        "a.sh",
        "docker run -e DB_PASSWORD=hunter2 x --client-secret=abc\n",
        &["1 DB_PASSWORD SecretField", "1 client-secret SecretField"],
    );
    all("a.sh", "psql postgres://ada:hunter2@db/lake\n", &["1  DatabaseUrl"]);
    all(
        "a.sh",
        "cat > x <<EOF\npassword: hunter2\nit's\nEOF\nTOKEN=abc\n",
        &["2 password SecretField", "5 TOKEN SecretField"],
    );
    all("a.sh", "KEY_PASSWORD=\"first\nsecond\"\nTOKEN=abc\n", &["1 KEY_PASSWORD SecretField", "3 TOKEN SecretField"]);
    all("a.sh", "# don't\nTOKEN=abc\n", &["2 TOKEN SecretField"]);
}

#[test]
fn what_a_shell_puts_in_is_no_literal() {
    for text in [
        "TOKEN=$(openssl rand -hex 12)",
        "TOKEN=$(curl -s \"$API/login\" -d '{\"a\": \"'$PASSWORD'\"}' | field token)",
        "TOKEN=`cat token.file`",
        "password=$1 token=\"$token\" secret=${given:-}",
        "export PASSWORD TOKEN=",
        "curl -H \"Authorization: Bearer $token\" x",
        "psql \"postgres://ada:$password@db/lake\"",
        "[ \"$password\" = \"x\" ] && exit",
        "if test -z \"$TOKEN\"; then echo 'no token: see the docs'; fi",
        "read -r -s password < /dev/tty",
        "PASSWORD_FILE=/run/secrets/db",
        "cat <<EOF\npassword: $pw\ntoken = \"${token}\"\nEOF",
    ] {
        all("a.sh", text, &[]);
    }
}

#[test]
fn dockerfiles() {
    all(
        "Dockerfile",
        "FROM x AS y\nENV DB_PASSWORD hunter2\nENV A=b \\\n    API_KEY=\"abc\"\nARG TOKEN=abc\nARG OTHER_TOKEN\nRUN X_SECRET=abc make && rm -rf /x\n",
        &["2 DB_PASSWORD SecretField", "4 API_KEY SecretField", "5 TOKEN SecretField", "7 X_SECRET SecretField"],
    );
    all(
        "Dockerfile",
        "ENV DB_PASSWORD_FILE /run/secrets/db\nENV TOKEN $TOKEN\nENV PATH /usr/bin:$PATH\nEXPOSE 8080\n",
        &[],
    );
}

#[test]
fn units_of_systemd() {
    all(
        "host.service",
        "[Service]\nEnvironment=DB_PASSWORD=hunter2\nEnvironment=\"A=b c\" \"API_KEY=abc\"\nEnvironmentFile=/etc/x.env\nExecStart=/usr/bin/pangolin serve\n",
        &["2 Service.DB_PASSWORD SecretField", "3 Service.API_KEY SecretField"],
    );
    all(".env", "TOKEN=${TOKEN}\nSECRET={{ secret }},\nPASSWORD=$PASSWORD;\n", &[]);
    all("host.service", "[Service]\nLoadCredential=jwt:/etc/x\nEnvironment=TOKEN=${TOKEN}\n", &[]);
}

#[test]
fn terraform() {
    all(
        "main.tf",
        "provider \"aws\" {\n  region = \"eu-central-1\"\n  secret_key = \"hunter2\" # of ours\n}\nvariable \"db_password\" {\n  type = string\n  default = \"hunter2\"\n}\n",
        &["3 provider.aws.secret_key SecretField", "7 variable.db_password.default SecretField"],
    );
    all(
        "x.tfvars",
        "db_password = \"hunter2\"\napi_keys = [\"a\", \"b\"]\ntags = { \"x-token\" = \"abc\", b : \"c\" }\n",
        &[
            "1 db_password SecretField",
            "2 api_keys[0] SecretField",
            "2 api_keys[1] SecretField",
            "3 tags.x-token SecretField",
        ],
    );
    all("main.tf", "private_key = <<-EOF\n  hunter2\n  EOF\nx = <<EOF\nunclosed\n", &["1 private_key SecretField"]);
    for text in [
        "password = var.db_password\n",
        "password = \"${var.db_password}\"\ntoken = data.vault.x[\"token\"]\n",
        "/* password = \"hunter2\" */\n// token = \"abc\"\n",
        "resource \"random_password\" \"db\" {\n  length = 24\n}\n",
        "output \"token\" {\n  value = random_password.db.result\n  sensitive = true\n}\n",
        "a = b == \"c\" ? \"d\" : \"e\"\n",
    ] {
        all("main.tf", text, &[]);
    }
}

#[test]
fn properties_and_spark() {
    all(
        "a.properties",
        "# c\n! c\ndb.password=hunter2\ndb.token : abc\ndb.secret\\ key abc\\\n  def\nplain\n",
        &["3 db.password SecretField", "4 db.token SecretField", "5 db.secret key SecretField"],
    );
    all(
        "spark-defaults.conf",
        "spark.sql.catalog.x.uri  http://localhost:8080\nspark.sql.catalog.x.s3.secret-access-key\thunter2\nspark.sql.catalog.x.credential id:abc\nspark.executor.memory 4g\n",
        &["2 spark.sql.catalog.x.s3.secret-access-key SecretField", "3 spark.sql.catalog.x.credential SecretField"],
    );
    all("a.properties", "db.password=${DB_PASSWORD}\nsasl.jaas.config=x\n", &[]);
}

#[test]
fn yaml_of_iceberg_compose_and_kubernetes() {
    all(
        ".pyiceberg.yaml",
        "catalog:\n  default:\n    uri: http://localhost:8080\n    s3.secret-access-key: hunter2\n    credential: id:abc\n",
        &["4 catalog.default.s3.secret-access-key SecretField", "5 catalog.default.credential SecretField"],
    );
    all(
        "compose.yaml",
        "services:\n  db:\n    environment:\n      - POSTGRES_PASSWORD=hunter2\n      - \"A=b\"\n    command: [\"--password=hunter2\"]\n",
        &["4 services.db.environment[0] SecretField", "6 services.db.command[0] SecretField"],
    );
    // One document's kind says nothing of the others.
    all(
        "k8s.yaml",
        "kind: ConfigMap\ndata:\n  user: ada\n---\nkind: Secret\ndata:\n  user: YWRh\n---\nkind: ConfigMap\ndata:\n  user: bob\n",
        &["7 data.user KubernetesSecret"],
    );
}

#[test]
fn sql() {
    all(
        "a.sql",
        "CREATE SECRET lake (\n  TYPE s3, KEY_ID 'ada',\n  SECRET 'hunter2', REGION 'eu'\n);\nSET s3_secret_access_key='it''s';\nALTER USER ada PASSWORD 'x1';\nCREATE USER b IDENTIFIED BY 'x2';\n",
        &[
            "3 SECRET SecretField",
            "5 s3_secret_access_key SecretField",
            "6 PASSWORD SecretField",
            "7 password SecretField",
        ],
    );
    all(
        "a.sql",
        "CREATE SECRET (TYPE iceberg, TOKEN \"x\", CLIENT_SECRET => 'abc');\n",
        &["1 CLIENT_SECRET SecretField"],
    );
    for text in [
        "-- SECRET 'hunter2'\nSELECT 'password', token FROM a WHERE b = 'c';\n",
        "COMMENT ON COLUMN a.password IS 'the hash of it';\n",
        "CREATE SECRET (TYPE s3, PROVIDER credential_chain, SECRET '${SECRET}');\n",
        "INSERT INTO a (token, name) VALUES ('x', 'y');\n",
        "it's never closed, password",
    ] {
        all("a.sql", text, &[]);
    }
}

proptest::proptest! {
    /// Whatever stands in a file, it is taken apart, and a line is one of the file's.
    #[test]
    fn no_text_stops_a_parser(text in "[\\PC\n\t]{0,200}|([a-zA-Z=:\"'`$(){}\\[\\]<>\\\\#/*; ,\n-]{0,120})") {
        let lines = text.lines().count().max(1);
        for name in ["a.sh", "Dockerfile", "a.tf", "a.properties", "a.sql", "a.service"] {
            for leaves in documents(form_of(Path::new(name), &text), &text).into_iter().flatten() {
                for leaf in leaves {
                    proptest::prop_assert!((1..=lines + 1).contains(&leaf.line), "{name}: {leaf:?}");
                }
            }
        }
    }
}
