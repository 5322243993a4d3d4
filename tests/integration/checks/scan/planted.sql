-- Leftovers, each planted in another cell of the masked copy: check | table | column | key | what it is.

-- plant: unmasked | users | full_name | 7 | one cell
update users set full_name = 'Asha Rao 7' where id = id_of(7);
-- plant: email | users | bio | 8 | an address in a long text
update users set bio = repeat('word ', 5000) || '<user9@mail.example.in>.' || repeat(' x', 99) where id = id_of(8);
-- plant: email | articles | body | 2 | an address in jsonb
update articles set body = '{"a": [{"b": "to user3@mail.example.in-"}]}' where id = 2;
-- plant: email | articles | contact | 3 | an address of a column of any text
update articles set contact = 'editor@mail.example.in' where id = 3;
-- plant: email | users | slug | 9 | an address in capitals, in a slug that is kept
update users set slug = 'about-USER4@MAIL.Example.IN-2' where id = id_of(9);
-- plant: email | articles | tags | 4 | an address in an array
update articles set tags = array['x', 'mailto:user5@mail.example.in'] where id = 4;
-- plant: email | users | home | 10 | an address in a composite
update users set home = row('x', E'"user6@mail.example.in"') where id = id_of(10);
-- plant: email | users | search | 11 | an address in a tsvector
update users set search = to_tsvector('simple', 'user6@mail.example.in asks') where id = id_of(11);
-- plant: email | Weird "Table | order | 1 | an address that only a document of the source has, as a URL writes it
update "Weird ""Table" set "order" = 'a%20friend8%40mail.example.in';
-- plant: phone | users | Odd "Name | 13 | another person's number in a masked text, with other separators
update users set "Odd ""Name" = 'x' || overlay(phone_of(12) placing ') - ' from 4 for 0) where id = id_of(13);
-- plant: phone | articles | title | 5 | a number in a text that is kept, with a zero before it
update articles set title = 'ring 0' || phone_of(12) || '.' where id = 5;
-- plant: unmasked | users | tags | 15 | an element of an array; in another place it is none
update users set tags[1] = 'tag15' where id = id_of(15);
update users set tags = array['other', '', 'tag14'] where id = id_of(14);
-- plant: unmasked | users | numbers | 16 | an element of an array of arrays
update users set numbers[2][1] = 'z16' where id = id_of(16);
-- plant: unmasked | users | prefs | 17 | a string of a document
update users set prefs = jsonb_set(prefs, '{list,0}', '"a17"') where id = id_of(17);
-- plant: unmasked | lines | note | [1, "…"] | a row whose key has two columns, and a type that sorts its own way
update lines set note = 'note 6' where line = 'ä' and order_id = 1;
-- plant: unmasked | users | secret | 18 | what was to be null
update users set secret = 'new' where id = id_of(18);
-- plant: unmasked | users | ip | 19 | an address on the net
update users set ip = '10.0.0.19' where id = id_of(19);
-- plant: unmasked | users | token | 20 | bytes
update users set token = decode(md5('20'), 'hex') where id = id_of(20);
-- plant: unmasked | codes | contact | … | a row of a table that a unique index tells apart
update codes set contact = 'person 5' where code = 'C5';
-- plant: unmasked | events | message | * | a long value in a table without a key
update events set message = 'a longer message of 3' where ctid = (select max(ctid) from events);
-- plant: unmasked | events | body | * | a string of a document in a table without a key
update events set body = '{"other": ["a longer string 4"]}' where ctid = (select max(ctid) from events);
-- plant: unmasked | events | gone | * | what was to be null in a table without a key
update events set gone = 'x' where ctid = (select max(ctid) from events);
-- plant: not compared | nobody | name | 7 | a row that the source lacks
insert into nobody values (7, 'N');
-- plant: email | forms | homes | 0.25 | an address in an array of composites
update forms set homes = array[row('x', 'user1@mail.example.in')::address] where id = 0.25;
-- plant: email | forms | extra | 0.50 | an address in an hstore
update forms set extra = hstore('a', 'to "user1@mail.example.in"') where id = 0.5;
-- plant: email | forms | documents | 0.75 | an address in an array of documents, as the name of a member
update forms set documents = array['{"a": {"user1@mail.example.in": 1}}'::jsonb] where id = 0.75;
-- plant: phone | forms | said | 1.00 | a number in a domain over an array
update forms set said = array['x', '[' || overlay(phone_of(12) placing '-' from 4 for 0) || ']'] where id = 1;
-- plant: email | forms | label | 1.25 | an address in a name of the catalogue's type
update forms set label = 'user1@mail.example.in' where id = 1.25;
-- plant: email | forms | fixed | 1.50 | an address in a text of fixed width
update forms set fixed = 'user1@mail.example.in' where id = 1.5;
-- plant: phone | forms | mobile | 1.75 | a number in a column of large integers
update forms set mobile = phone_of(12)::bigint where id = 1.75;
-- plant: phone | forms | amount | 2.00 | a number among amounts
update forms set amount = phone_of(12)::numeric where id = 2;
-- plant: value | owners | nick | … | a name in a text that is a key
update "Weird ""Table" set owner = null;
update owners set nick = 'about-asha_rao.8' where name = 'plain';
-- plant: value | articles | body | 6 | a name that is the name of a member
update articles set body = '{"a": {"asha_rao_9": 1}}' where id = 6;
-- plant: value | forms | label | 2.25 | a short name that a text is called
update forms set label = 'for: om rao' where id = 2.25;
-- plant: value | articles | entityId | 7 | a name within a text that is called a reference
update articles set "entityId" = 'is ASHA RAO 12, she' where id = 7;
-- plant: definition | type public.mood |  | * | an address that a label of an enum is
alter type mood rename value 'sad' to 'user1@mail.example.in';
-- plant: definition | table column public.forms.extra |  | * | a name in a comment
comment on column forms.extra is 'as Asha Rao 3 wanted it';
-- plant: definition | table constraint forms_label_check on public.forms |  | * | a number in a check
alter table forms add constraint forms_label_check check (label <> '09228017630');
-- plant: definition | view public.her |  | * | a name that a view looks for
create view her as select 1 as one from users where full_name = 'Asha Rao 3';
-- plant: definition | function public.her() |  | * | a name in a body
create function her() returns text language sql as $$ select 'Asha Rao 3' $$;
-- plant: definition | index public.her_index |  | * | a name in what an index holds
create index her_index on users (id) where slug = 'Asha Rao 3';
-- plant: definition | default value for public.forms.fixed |  | * | an address as a default
alter table forms alter fixed set default 'user1@mail.example.in';
-- plant: definition | policy hers on public.nobody |  | * | an address that a policy asks for
create policy hers on nobody using (name = 'user1@mail.example.in');
