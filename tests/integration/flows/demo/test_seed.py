"""The demo's seed: the same rows for the same seed, in all 55 tables, with every kind of dirt that the rules know."""

import secrets

import psycopg
import pytest
from psycopg import sql

from config.errors import ConfigError
from flows.demo.seed import seed

ROWS = 3_000  # every kind of dirt is there from the smallest size on

NOT_THE_AUDITS = "_sqlx_migrations"

UUID = "'^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$'"
KNOWN = """regexp_replace(lower(status), '[^a-z0-9]', '', 'g') = any('{draft,pending,submitted,new,inreview,underreview,
    processing,approved,accepted,completed,verified,active,rejected,declined,failed,changesrequested,resubmit,needsinfo,
    cancelled,canceled,withdrawn,expired,suspended,blocked,inactive}')"""
PROFESSIONAL = """(select user_id from photographer_profiles union all select user_id from tutor_profiles
    union all select user_id from makeup_artist_profiles union all select user_id from developer_profiles
    union all select user_id from video_editor_profiles union all select user_id from graphic_designer_profiles
    union all select user_id from social_media_manager_profiles union all select user_id from fitness_trainer_profiles
    union all select user_id from catering_service_profiles
    union all select user_id::uuid from ugc_content_creator_profiles) as professional"""
PROFESSIONAL_COUNT = f"(select count(*) from {PROFESSIONAL} where professional.user_id = t.user_id)"

# kind of dirt: what follows `select count(*) from`
DIRT = {
    "profile without status": "tutor_profiles where status is null",
    "profile with blank status": "tutor_profiles where trim(status) = ''",
    "profile with unknown status": f"photographer_profiles where trim(status) <> '' and not {KNOWN}",
    "status in other spelling": f"customer_profiles where {KNOWN} and status ~ '[A-Z -]'",
    "duplicate profile": "(select 1 from tutor_profiles group by user_id having count(*) > 1) t",
    "duplicate company": "(select 1 from company_profiles group by user_id having count(*) > 1) t",
    "duplicates updated at one time": """(select 1 from customer_profiles where user_id is not null
        group by user_id, updated_at having count(*) > 1) t""",
    "duplicate of which one has an unknown status": """customer_profiles a join customer_profiles b using (user_id)
        where a.id <> b.id and a.status in ('ghosted', 'TBD', '7', 'active?')""",
    "job of a duplicate company": """jobs where company_id in (select a.id from company_profiles a
        join company_profiles b using (user_id) where a.updated_at < b.updated_at)""",
    "orphan profile": "customer_profiles where user_id not in (select id from users)",
    "orphan despite a reference": "company_profiles t where not exists (select from users u where u.id = t.user_id)",
    "profile of nobody": "customer_profiles where user_id is null",
    "id in two profile tables": "photographer_profiles join tutor_profiles using (id)",
    "id in two profile tables, referenced": """customer_profiles join developer_profiles using (id)
        join requirements on customer_id = customer_profiles.id""",
    "profile id that is no uuid": f"ugc_content_creator_profiles where id !~ {UUID}",
    "integer profile id": "catering_service_profiles where id = 1",
    "profile without created_at": "customer_profiles where created_at is null and updated_at is not null",
    "profile without times": "customer_profiles where created_at is null and updated_at is null",
    "external links": """developer_profiles join video_editor_profiles on true join graphic_designer_profiles g on true
        where github_url like 'https:%' and developer_profiles.portfolio_url like 'https:%' and reel_url like 'https:%'
        and g.portfolio_url like 'https:%'""",
    "blank link": "developer_profiles where github_url = ''",
    "another column of urls": "social_media_manager_profiles where website like 'https:%'",
    "users with three profiles and users with none": """(select from users where not exists (select from
        user_profiles p where p.user_id = users.id)) a join (select from user_profiles group by user_id
        having count(*) = 3) b on true""",
    "profession spelled": "professionals where profession ~ '[A-Z -]'",
    "professional with a usable profile and no role": f"""professionals t where profession is null
        and {PROFESSIONAL_COUNT} = 1""",
    "ambiguous professional": f"professionals t where profession is null and {PROFESSIONAL_COUNT} > 1",
    "unresolvable professional": f"professionals t where profession is null and {PROFESSIONAL_COUNT} = 0",
    "unknown profession": f"professionals t where profession = 'Time Traveller' and {PROFESSIONAL_COUNT} = 0",
    "blank profession": "professionals where profession = ''",
    "professional that creates": f"""professionals t where profession in ('tutor', 'UGC', 'video-editor')
        and {PROFESSIONAL_COUNT} = 0 and status = 'Active'""",
    "professional that creates without status": f"""professionals t where profession is not null and status is null
        and {PROFESSIONAL_COUNT} = 0""",
    "professional that would create, status unknown": f"""professionals t where status = 'mystery'
        and {PROFESSIONAL_COUNT} = 0""",
    "two professionals that create one": f"""(select 1 from professionals t where {PROFESSIONAL_COUNT} = 0
        and profession is not null group by user_id, profession having count(*) = 2) t""",
    "two professionals of one profile": """(select 1 from professionals join photographer_profiles using (user_id)
        where lower(professionals.profession) = 'photographer' group by user_id having count(*) > 1) t""",
    "professional with another profile's id": """professionals p join customer_profiles c using (id)
        where p.user_id <> c.user_id""",
    "professional with its own profile's id": """professionals p join (select id, user_id from photographer_profiles
        union select id, user_id from developer_profiles union select id, user_id from tutor_profiles
        union select id, user_id from makeup_artist_profiles union select id, user_id from video_editor_profiles
        union select id, user_id from graphic_designer_profiles union select id, user_id from fitness_trainer_profiles
        union select id, user_id from social_media_manager_profiles
        union select id::uuid, user_id::uuid from ugc_content_creator_profiles where id not like 'ugc%') o
        using (id, user_id)""",
    "professional that is a company": """professionals join company_profiles using (user_id)
        where profession = 'COMPANY'""",
    "professional of a rejected profile": """professionals p join photographer_profiles using (user_id)
        where lower(p.profession) = 'photographer' and photographer_profiles.status = 'on hold'""",
    "orphan professional": "professionals t where not exists (select from users u where u.id = t.user_id)",
    "professional without times": "professionals where created_at is null and updated_at is null",
    **{
        f"{kind} in {table}": condition.format(table=table)
        for table in ("portfolio_items", "services", "lead_requests")
        for kind, condition in {
            "orphan professional": """{table} t where not exists (select from professionals p
                where p.id = t.professional_id) and professional_id not in (select id from photographer_profiles)""",
            "profile instead of professional": "{table} t join photographer_profiles p on p.id = t.professional_id",
            "user with one profile": f"{{table}} t where professional_id is null and {PROFESSIONAL_COUNT} = 1",
            "user with several profiles": f"{{table}} t where professional_id is null and {PROFESSIONAL_COUNT} > 1",
            "user without profile": f"""{{table}} t where professional_id is null and user_id is not null
                and {PROFESSIONAL_COUNT} = 0""",
            "neither user nor professional": "{table} where professional_id is null and user_id is null",
        }.items()
    },
    "orphan image": "portfolio_images where portfolio_item_id not in (select id from portfolio_items)",
    "image of an orphan item": """portfolio_images i join portfolio_items p on p.id = i.portfolio_item_id
        where not exists (select from professionals where id = p.professional_id) and professional_id is not null""",
    "job_type without employment_type": "jobs where job_type is not null and employment_type is null",
    "employment_type without job_type": "jobs where job_type is null and employment_type is not null",
    "neither": "jobs where job_type is null and employment_type is null",
    "job_type is not employment_type": "jobs where job_type <> employment_type",
    "presentation of reviews": "reviews where is_featured and display_order is not null",
    "submission with unknown status": f"onboarding_submissions where status <> '' and not {KNOWN}",
    "submission with blank status": "onboarding_submissions where status = ''",
    "submission without status": "onboarding_submissions where status is null",
    "submission without profile": """onboarding_submissions t where status !~* 'draft|cancel|withdrawn'
        and not exists (select from user_profiles p where p.user_id = t.user_id)""",
    "submission of an unknown role": "onboarding_submissions where role_key = 'Space Pilot'",
    "submission without role": "onboarding_submissions where role_key is null",
    "submission without payload": "onboarding_submissions where form_data is null",
    "submission without times": "onboarding_submissions where created_at is null and updated_at is null",
    "orphan submission": "onboarding_submissions t where not exists (select from users u where u.id = t.user_id)",
    "several submissions": """(select 1 from onboarding_submissions group by user_id, lower(role_key)
        having count(*) > 1) t""",
    "orphan document": """submission_documents t where not exists (select from onboarding_submissions s
        where s.id = t.submission_id)""",
    "document with unknown status": f"submission_documents where status <> '' and not {KNOWN}",
    "document without file": "submission_documents where file_path is null",
    "document of a rejected submission": """submission_documents d join onboarding_submissions s on s.id = submission_id
        where s.status = 'half way'""",
    "state complete by flag": "onboarding_states where is_completed",
    "state complete by time": "onboarding_states where completed_at is not null",
    "state complete by status": "onboarding_states where status = 'Completed'",
    "state with a submission": "onboarding_states join onboarding_submissions using (user_id, role_key)",
    "state without a submission": """onboarding_states t where not is_completed and completed_at is null
        and not exists (select from onboarding_submissions s where s.user_id = t.user_id)""",
    "state of an unknown role": "onboarding_states where role_key = 'Space Pilot'",
    "id in submissions and verifications": """onboarding_submissions s join verifications v using (id)
        join verification_logs l on l.verification_id = v.id""",
    "verification of no uuid": f"verifications where user_id !~ {UUID}",
    "verification in capitals": "verifications join users on users.id = user_id::uuid where user_id ~ '[A-F]'"
    f" and user_id ~ {UUID}",
    "verification of nobody": """verifications t where user_id like '%-%-%-%-%' and not exists
        (select from users u where u.id::text = lower(t.user_id))""",
    "verification with unknown status": f"verifications where status <> '' and not {KNOWN}",
    "payment with unknown status": "payments where status = 'limbo'",
    "amount of three decimals": "payments where amount <> 'NaN' and amount <> round(amount, 2)",
    "amount with a zero more": "payments where scale(amount) = 3 and amount = round(amount, 2)",
    "amount not a number": "payments where amount = 'NaN'",
    "amount too large": "payments where amount <> 'NaN' and amount >= 1e12",
    "refund": "payments where amount < 0",
    "currency in small letters": "payments where currency = 'usd'",
    "currency unknown": "payments where currency in ('EURO', 'US$')",
    "currency blank": "payments where currency = ''",
    "no currency": "payments where currency is null",
    "payment of nobody": "payments t where not exists (select from users u where u.id = t.user_id)",
    "payment without provider": "payments where provider is null",
    "payment without invoice": "payments t where not exists (select from invoices i where i.payment_id = t.id)",
    "taxes": "invoices where tax_amount > 0 and payment_id is not null",
    "two invoices": "(select 1 from invoices group by payment_id having count(*) > 1 and payment_id is not null) t",
    "invoice not issued": "invoices where issued_at is null",
    "orphan invoice": "invoices where payment_id not in (select id from payments)",
    "discount of a payment": "coupon_uses join payments on payments.id = payment_id where discount_amount > 0",
    "two coupons": "(select 1 from coupon_uses group by payment_id having count(*) > 1 and payment_id is not null) t",
    "coupon without payment": "coupon_uses where payment_id is null",
    "coupon of an unknown payment": """coupon_uses where payment_id is not null
        and not exists (select from payments where id = payment_id)""",
    "ticket id that is no uuid": f"support_tickets where id !~ {UUID}",
    "message of such a ticket": f"""support_ticket_messages m join support_tickets t on t.id = ticket_id
        where t.id !~ {UUID}""",
    "ticket id in capitals": """support_ticket_messages where ticket_id not in (select id from support_tickets)
        and lower(ticket_id) in (select id from support_tickets)""",
    "orphan message": "support_ticket_messages where lower(ticket_id) not in (select lower(id) from support_tickets)",
    "orphan notification": "notifications where user_id not in (select id from users)",
    "orphan e-mail": "email_logs where user_id not in (select id from users)",
    "article without category": "kb_articles where category_id is null",
    "article of an unknown category": "kb_articles where category_id not in (select id from kb_categories)",
    "category without articles": "kb_categories c where not exists (select from kb_articles where category_id = c.id)",
    "changes": "activity_logs where metadata @? '$.changes.*.old'",
    "before and after": "activity_logs where jsonb_typeof(metadata -> 'before') = 'object' and metadata ? 'after'",
    "one side only": "activity_logs where metadata ? 'after' and not metadata ? 'before'",
    "neither changes nor before": "activity_logs where metadata ?& '{path,ms}'",
    "metadata that is no object": "activity_logs where jsonb_typeof(metadata) in ('array', 'string', 'null', 'number')",
    "no metadata": "activity_logs where metadata is null",
    "address that is none": "activity_logs where ip_address in ('unknown', '', '999.1.2.3')",
    "activity of nobody": "activity_logs where user_id not in (select id from users)",
    "activity without time": "activity_logs where created_at is null",
    "settings of a user without user_settings": """users where language is not null and push_notifications is not null
        and id not in (select user_id from user_settings)""",
    "settings in both": "users join user_settings s on s.user_id = users.id where users.theme <> s.theme",
    "settings in preferences": """users join user_settings s on s.user_id = users.id where email_notifications
        and preferences @> '{"email_notifications": false}'""",
    "no settings at all": """users where num_nonnulls(language, timezone, theme, email_notifications, sms_notifications,
        push_notifications, marketing_opt_in) = 0""",
    "'' and 'NULL'": "customer_profiles a join customer_profiles b on a.location = '' and b.display_name = 'NULL'",
    "infinite times": "coupons where valid_from = '-infinity' and valid_to = 'infinity'",
    "not a number": "users where risk_score = 'NaN'",
    "arrays with bounds": "dashboard_configs where array_ndims(grid) = 2 and array_lower(grid, 1) = 0",
}

USER_PROFILES = (
    """create temp view user_profiles as
    select user_id from company_profiles union all select user_id from customer_profiles
    union all select user_id from job_seeker_profiles union all select user_id from """
    + PROFESSIONAL
)


@pytest.fixture(scope="module")
def seeded(postgres_url):
    """A connection to a database that holds the seed's rows."""
    name = f"seeded_{secrets.token_hex(6)}"
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute(f"create database {name}")
        try:
            url = psycopg.conninfo.make_conninfo(postgres_url, dbname=name)
            seed(url, ROWS)
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(USER_PROFILES)
                yield connection
        finally:
            server.execute(f"drop database {name} with (force)")


def contents(url: str, schema: str) -> dict[str, tuple]:
    """Count and hash of every table's rows."""
    query = sql.SQL("select count(*), sum(hashtextextended(t::text, 0)) from {} t")
    with psycopg.connect(url) as connection:
        connection.execute("set timezone = 'UTC'")
        tables = connection.execute("select tablename from pg_tables where schemaname = %s", [schema]).fetchall()
        return {name: connection.execute(query.format(sql.Identifier(schema, name))).fetchone() for (name,) in tables}


def test_same_seed_same_rows(database):
    first, second = database(), database()
    counts = seed(first, ROWS)
    assert seed(second, ROWS, schema="Legacy 2") == counts
    assert {name: rows for name, (rows, _) in contents(first, "public").items()} == counts
    assert contents(first, "public") == contents(second, "Legacy 2")


def test_another_seed_other_rows(database):
    url = database()
    assert seed(url, ROWS, seed=1, schema="one").keys() == seed(url, ROWS, seed=-2, schema="two").keys()
    one, two = contents(url, "one"), contents(url, "two")
    assert [name for name in ("users", "payments", "activity_logs") if one[name] == two[name]] == []


def test_all_tables_have_rows(seeded, postgres_url):
    url = psycopg.conninfo.make_conninfo(postgres_url, dbname=seeded.info.dbname)
    tables = contents(url, "public")
    assert len(tables.keys() - {NOT_THE_AUDITS}) == 55
    assert [name for name, (rows, _) in tables.items() if rows == 0] == []


def test_every_kind_of_dirt(seeded):
    missing = [
        kind for kind, query in DIRT.items() if seeded.execute(f"select count(*) from {query}").fetchone()[0] == 0
    ]
    assert missing == []


def test_naughty_strings(seeded):
    tables = [table for (table,) in seeded.execute("select tablename from pg_tables where tablename like '%_profiles'")]
    names = " union ".join(f"select display_name from {table} union select bio from {table}" for table in tables)
    texts = {text for (text,) in seeded.execute(f"{names} union select caption from portfolio_images")}
    assert {"", "NULL", "\\.", "\\N", "line one\nline two", "tab\there", "back\\slash\\\\", "日本語のテキスト"} <= texts
    assert max(len(text) for text in texts if text) > 5_000  # does not fit a page uncompressed


def test_people_are_synthetic(seeded):
    strangers = "select count(*) from users where email !~ '@example\\.(com|org)$' and email !~ '@Example.org$'"
    assert seeded.execute(strangers).fetchone() == (0,)


def test_sequences_go_on(seeded):
    following, greatest = seeded.execute("select nextval('email_logs_id_seq'), max(id) from email_logs").fetchone()
    assert following > greatest
    invoice = "insert into invoices (user_id, amount) select user_id, 1 from invoices limit 1 returning invoice_number"
    assert seeded.execute(invoice).fetchone()[0].startswith("INV-001")


def test_nothing_of_the_seed_stays(seeded):
    functions = "select proname from pg_proc where proname like 'seed%'"
    relations = "select relname from pg_class where relname like 'seed%'"
    assert seeded.execute(f"{functions} union {relations}").fetchall() == []


def test_a_schema_in_use_is_refused(database):
    url = database()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create table precious (id integer)")
    with pytest.raises(ConfigError, match="precious"):
        seed(url, ROWS)
    assert contents(url, "public").keys() == {"precious"}
