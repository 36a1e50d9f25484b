-- What stands in a database of PostgreSQL 12 to 19, as docs/formats.md says under "Catalogs". One text:
--
--   psql -XqAt -f catalog.sql "$DATABASE_URL" > catalog.json
--
-- It reads and changes nothing, takes no lock but ACCESS SHARE on pg_catalog, and needs no more than
-- CONNECT. Passwords, connection strings, options of foreign servers, comments, privileges and rows
-- stay where they are.
--
-- An object is a node: its row in pg_catalog (class, id) and a part, 0 for what makes it and others
-- for what is done to it afterwards. Nodes come in the order of what depends on what (pg_depend, and
-- what ALTER TABLE wants to find); `rank` decides among those that do not care. A column that an older
-- server lacks is read through to_jsonb.

begin transaction isolation level repeatable read read only;
do $$ begin
  perform set_config('plimsoll.search_path', to_json(current_schemas(false))::text, true);
end $$;
-- Then every function that prints SQL says in which schema things are.
set local search_path = '';

with recursive place as materialized (
  select oid, nspname from pg_namespace
  where nspname !~ '^pg_' and nspname <> 'information_schema'
),
-- Relations, with the name as SQL wants it.
rel as materialized (
  select c.*, nspname, format('%I.%I', nspname, relname) as said
  from pg_class c join place on place.oid = relnamespace
),
spelling as materialized (
  select c.oid, format('%I.%I', nspname, collname) as said
  from pg_collation c join pg_namespace n on n.oid = collnamespace
),
-- The object that says what a part of it is: a view its rule, a table its row type.
home as materialized (
  select 'pg_rewrite'::regclass::oid as class, oid as id, 'pg_class'::regclass::oid as home,
         ev_class as whole
  from pg_rewrite where rulename = '_RETURN'
  union all
  select 'pg_attrdef'::regclass, d.oid, 'pg_class'::regclass, adrelid
  from pg_attrdef d join pg_attribute on attrelid = adrelid and attnum = adnum
  where attgenerated <> ''
  union all
  select 'pg_type'::regclass, oid, 'pg_class'::regclass, typrelid from pg_type where typrelid <> 0
  union all
  select 'pg_type'::regclass, e.typarray,
         case when e.typrelid = 0 then 'pg_type'::regclass else 'pg_class'::regclass end,
         case when e.typrelid = 0 then e.oid else e.typrelid end
  from pg_type e where e.typarray <> 0
  union all
  select 'pg_type'::regclass, (to_jsonb(r) ->> 'rngmultitypid')::oid, 'pg_type'::regclass, rngtypid
  from pg_range r where to_jsonb(r) ? 'rngmultitypid'
  union all
  select 'pg_class'::regclass, conindid, 'pg_constraint'::regclass, oid
  from pg_constraint where contype in ('p', 'u', 'x') and conindid <> 0
  union all
  select classid, objid, refclassid, refobjid
  from pg_depend join pg_class on oid = objid
  where classid = 'pg_class'::regclass and refclassid = 'pg_class'::regclass and deptype = 'i'
    and relkind = 'S'
  union all
  select 'pg_publication_rel'::regclass, oid, 'pg_publication'::regclass, prpubid
  from pg_publication_rel
),
-- NOT NULL is a constraint of a table since 18, of a domain since 17.
not_null as materialized (
  select oid, conrelid, contypid, conkey[1] as attnum, convalidated as valid,
         format('constraint %I not null', conname) ||
           case when connoinherit then ' no inherit' else '' end as said
  from pg_constraint where contype = 'n'
),
-- A sequence that is a column's identity.
identity as materialized (
  select refobjid as attrelid, refobjsubid as attnum, objid as sequence
  from pg_depend join pg_class on oid = objid
  where classid = 'pg_class'::regclass and refclassid = 'pg_class'::regclass and deptype = 'i'
    and relkind = 'S'
),
numbers as materialized (
  select seqrelid, format('start with %s increment by %s minvalue %s maxvalue %s cache %s%s', seqstart,
                          seqincrement, seqmin, seqmax, seqcache,
                          case when seqcycle then ' cycle' else '' end) as said
  from pg_sequence
),
-- Children by ALTER TABLE INHERIT declare all their columns themselves.
joins as materialized (
  select inhrelid as child, inhparent as parent, child.relispartition as partition,
         not child.relispartition and not exists (
           select from pg_attribute where attrelid = inhrelid and attnum > 0 and attinhcount > 0
             and not attislocal) as later
  from pg_inherits join rel child on child.oid = inhrelid and child.relkind in ('r', 'p', 'f')
),
-- The columns that a table itself says it has.
own_column as materialized (
  select a.attrelid, a.attnum, format('%I', attname) ||
    case when reloftype <> 0 then ' with options' else
      ' ' || format_type(atttypid, atttypmod) end ||
    case when reloftype = 0 and attcollation <> typcollation and attcollation <> 0
      then ' collate ' || (select said from spelling where oid = attcollation) else '' end ||
    case attgenerated when '' then '' else
      format(' generated always as (%s) %s', pg_get_expr(adbin, adrelid),
             case attgenerated when 's' then 'stored' else 'virtual' end) end ||
    case when not attnotnull then '' when n.oid is null then ' not null'
         when n.valid then ' ' || n.said else '' end as said
  from rel join pg_attribute a on a.attrelid = rel.oid
       join pg_type t on t.oid = atttypid
       left join pg_attrdef on adrelid = a.attrelid and adnum = a.attnum
       left join not_null n on n.conrelid = a.attrelid and n.attnum = a.attnum
  where relkind in ('r', 'p', 'f', 'c') and a.attnum > 0 and not attisdropped
    and (attislocal or relispartition)
),
columns as materialized (
  select attrelid, string_agg(said, ', ' order by attnum) as said
  from own_column group by attrelid
),
-- class, id, part, relation that it is a part of, rank, SQL, whether the index is valid and the
-- materialized view populated
node as materialized (
  select 0::oid as class, 0::oid as id, 0 as part, 0::oid as of, 0 as rank,
         'set check_function_bodies = off' as sql, true as usable
  union all
  select 'pg_authid'::regclass, oid, 0, 0, 0, format('create role %I', rolname), true
  from pg_roles where rolname !~ '^pg_'
  union all
  select 'pg_namespace'::regclass, 0, 0, 0, 0, 'drop schema public', true
  where not exists (select from place where nspname = 'public')
  union all
  select 'pg_namespace'::regclass, oid, 0, 0, 1, format('create schema %I', nspname), true
  from place where nspname <> 'public'
  union all
  select 'pg_extension'::regclass, e.oid, 0, 0, 2,
         format('create extension %I with schema %I', extname, nspname), true
  from pg_extension e join pg_namespace n on n.oid = extnamespace where extname <> 'plpgsql'
  union all
  select 'pg_language'::regclass, oid, 0, 0, 9,
         format('create language %I', lanname) ||
           case when lanplcallfoid = 0 then '' else ' handler ' || lanplcallfoid::regproc::text end,
         true
  from pg_language where oid >= 16384
  union all
  select 'pg_am'::regclass, oid, 0, 0, 9,
         format('create access method %I type %s handler %s', amname,
                case amtype when 't' then 'table' else 'index' end, amhandler::regproc), true
  from pg_am where oid >= 16384
  union all
  select 'pg_collation'::regclass, c.oid, 0, 0, 3,
         format('create collation %I.%I (provider = %s, locale = %L)', nspname, collname,
                case collprovider when 'i' then 'icu' when 'b' then 'builtin' else 'libc' end,
                coalesce(to_jsonb(c) ->> 'colllocale', to_jsonb(c) ->> 'colliculocale', collcollate)),
         true
  from pg_collation c join place on place.oid = collnamespace
  union all
  select 'pg_type'::regclass, t.oid, 0, 0, 4,
         format('create type %I.%I as enum (%s)', nspname, typname,
                (select string_agg(quote_literal(enumlabel), ', ' order by enumsortorder)
                 from pg_enum where enumtypid = t.oid)), true
  from pg_type t join place on place.oid = typnamespace where typtype = 'e'
  union all
  select 'pg_type'::regclass, t.oid, 0, 0, 4,
         format('create domain %I.%I as %s', nspname, typname, format_type(typbasetype, typtypmod)) ||
         case when typcollation = 0 or typcollation = (
                select base.typcollation from pg_type base where base.oid = t.typbasetype)
              then '' else ' collate ' || (select said from spelling where oid = typcollation) end ||
         coalesce(' default ' || typdefault, '') ||
         case when typnotnull
              then ' ' || coalesce((select said from not_null where contypid = t.oid), 'not null')
              else '' end, true
  from pg_type t join place on place.oid = typnamespace where typtype = 'd'
  union all
  select 'pg_type'::regclass, t.oid, 0, 0, 4,
         format('create type %I.%I as range (subtype = %s%s)', nspname, typname,
                format_type(rngsubtype, null),
                coalesce(', multirange_type_name = ' || (
                  select format('%I.%I', nspname, typname) from pg_type m
                  where m.oid = (to_jsonb(r) ->> 'rngmultitypid')::oid), '')), true
  from pg_type t join place on place.oid = typnamespace join pg_range r on rngtypid = t.oid
  where typtype = 'r'
  union all
  select 'pg_type'::regclass, t.oid, 0, 0, 4,
         format('create type %I.%I (input = %s, output = %s)', nspname, typname, typinput, typoutput),
         true
  from pg_type t join place on place.oid = typnamespace
  where typtype = 'b' and typisdefined and typelem = 0
  union all
  -- a shell
  select 'pg_type'::regclass, t.oid, 0, 0, 4, format('create type %I.%I', nspname, typname), true
  from pg_type t join place on place.oid = typnamespace where typtype = 'p' and not typisdefined
  union all
  select 'pg_class'::regclass, rel.oid, 0, 0, 4,
         format('create type %s as (%s)', said, (select said from columns where attrelid = rel.oid)),
         true
  from rel where relkind = 'c'
  union all
  select 'pg_proc'::regclass, p.oid, 0, 0, 5, pg_get_functiondef(p.oid), true
  from pg_proc p join place on place.oid = pronamespace
  -- a range brings its constructors
  where prokind <> 'a' and not exists (
    select from pg_depend
    where classid = 'pg_proc'::regclass and objid = p.oid and deptype = 'i')
  union all
  select 'pg_proc'::regclass, p.oid, 0, 0, 6,
         format('create aggregate %I.%I (%s) (sfunc = %s, stype = %s)', nspname, proname,
                coalesce(nullif(pg_get_function_identity_arguments(p.oid), ''), '*'),
                aggtransfn, format_type(aggtranstype, null)), true
  from pg_proc p join place on place.oid = pronamespace join pg_aggregate on aggfnoid = p.oid
  union all
  select 'pg_operator'::regclass, o.oid, 0, 0, 7,
         format('create operator %I.%s (procedure = %s', nspname, oprname, oprcode) ||
         case when oprleft = 0 then '' else ', leftarg = ' || format_type(oprleft, null) end ||
         case when oprright = 0 then '' else ', rightarg = ' || format_type(oprright, null) end || ')',
         true
  from pg_operator o join place on place.oid = oprnamespace where oprcode <> 0
  union all
  select 'pg_opfamily'::regclass, f.oid, 0, 0, 7,
         format('create operator family %I.%I using %I', nspname, opfname, amname), true
  from pg_opfamily f join place on place.oid = opfnamespace join pg_am on pg_am.oid = opfmethod
  union all
  select 'pg_opclass'::regclass, o.oid, 0, 0, 8,
         format('create operator class %I.%I %sfor type %s using %I family %I.%I as storage %s',
                place.nspname, opcname, case when opcdefault then 'default ' else '' end,
                format_type(opcintype, null), amname, fn.nspname, opfname,
                format_type(case when opckeytype = 0 then opcintype else opckeytype end, null)), true
  from pg_opclass o join place on place.oid = opcnamespace join pg_am on pg_am.oid = opcmethod
       join pg_opfamily f on f.oid = opcfamily join pg_namespace fn on fn.oid = opfnamespace
  union all
  select 'pg_cast'::regclass, c.oid, 0, 0, 8,
         format('create cast (%s as %s) %s%s', format_type(castsource, null),
                format_type(casttarget, null),
                case castmethod when 'f' then 'with function ' || castfunc::regprocedure::text
                                when 'i' then 'with inout' else 'without function' end,
                case castcontext when 'a' then ' as assignment' when 'i' then ' as implicit'
                                 else '' end), true
  from pg_cast c
  where oid >= 16384 and not exists (
    select from pg_depend
    where classid = 'pg_cast'::regclass and objid = c.oid and deptype = 'i')
  union all
  select 'pg_conversion'::regclass, c.oid, 0, 0, 8,
         format('create %sconversion %I.%I for %L to %L from %s',
                case when condefault then 'default ' else '' end, nspname, conname,
                pg_encoding_to_char(conforencoding), pg_encoding_to_char(contoencoding), conproc),
         true
  from pg_conversion c join place on place.oid = connamespace
  union all
  select 'pg_transform'::regclass, t.oid, 0, 0, 8,
         format('create transform for %s language %I (%s)', format_type(trftype, null), lanname,
                concat_ws(', ',
                  'from sql with function ' || nullif(trffromsql, 0)::regprocedure::text,
                  'to sql with function ' || nullif(trftosql, 0)::regprocedure::text)), true
  from pg_transform t join pg_language l on l.oid = trflang
  union all
  select 'pg_ts_dict'::regclass, d.oid, 0, 0, 3,
         format('create text search dictionary %I.%I (template = %I.%I)', place.nspname, dictname,
                tn.nspname, tmplname), true
  from pg_ts_dict d join place on place.oid = dictnamespace
       join pg_ts_template t on t.oid = dicttemplate join pg_namespace tn on tn.oid = tmplnamespace
  union all
  select 'pg_ts_config'::regclass, c.oid, 0, 0, 3,
         format('create text search configuration %I.%I (parser = %I.%I)', place.nspname, cfgname,
                pn.nspname, prsname), true
  from pg_ts_config c join place on place.oid = cfgnamespace
       join pg_ts_parser p on p.oid = cfgparser join pg_namespace pn on pn.oid = prsnamespace
  union all
  select 'pg_foreign_data_wrapper'::regclass, oid, 0, 0, 8,
         format('create foreign data wrapper %I', fdwname) ||
         case when fdwhandler = 0 then '' else ' handler ' || fdwhandler::regproc::text end ||
         case when fdwvalidator = 0 then '' else ' validator ' || fdwvalidator::regproc::text end, true
  from pg_foreign_data_wrapper
  union all
  select 'pg_foreign_server'::regclass, s.oid, 0, 0, 8,
         format('create server %I foreign data wrapper %I', srvname, fdwname), true
  from pg_foreign_server s join pg_foreign_data_wrapper w on w.oid = srvfdw
  union all
  select 'pg_user_mapping'::regclass, umid, 0, 0, 9,
         format('create user mapping for %s server %I',
                case when umuser = 0 then 'public' else quote_ident(usename) end, srvname), true
  from pg_user_mappings
  union all
  select 'pg_class'::regclass, rel.oid, 0, 0, 9,
         format('create %ssequence %s as %s %s', case relpersistence when 'u' then 'unlogged ' else '' end,
                rel.said, format_type(seqtypid, null), numbers.said), true
  from rel join pg_sequence on pg_sequence.seqrelid = rel.oid
       join numbers on numbers.seqrelid = rel.oid
  where rel.oid not in (select sequence from identity)
  union all
  select 'pg_class'::regclass, rel.oid, 1, 0, 20,
         format('alter sequence %s owned by %s.%I', rel.said, t.said, attname), true
  from rel join pg_depend d on objid = rel.oid and deptype = 'a' and refobjsubid > 0
         and classid = 'pg_class'::regclass and refclassid = 'pg_class'::regclass
       join rel t on t.oid = refobjid
       join pg_attribute on attrelid = refobjid and attnum = refobjsubid
  where rel.relkind = 'S'
  union all
  select 'pg_class'::regclass, rel.oid, 0, 0, 10,
         format('create %s%stable %s ', case relpersistence when 'u' then 'unlogged ' else '' end,
                case relkind when 'f' then 'foreign ' else '' end, said) ||
         case when reloftype <> 0 then
           'of ' || format_type(reloftype, null) ||
           coalesce((select ' (' || string_agg(own_column.said, ', ' order by attnum) || ')'
                     from own_column where attrelid = rel.oid and own_column.said !~ ' with options$'), '')
         else
           '(' || coalesce((select said from columns where attrelid = rel.oid), '') || ')' end ||
         coalesce((select ' inherits (' || string_agg(p.said, ', ' order by inhseqno) || ')'
                   from pg_inherits i join joins on child = inhrelid and parent = inhparent
                        join rel p on p.oid = inhparent
                   where inhrelid = rel.oid and not partition and not later), '') ||
         case relkind when 'p' then ' partition by ' || pg_get_partkeydef(rel.oid)
           when 'f' then (select format(' server %I', srvname)
                          from pg_foreign_table join pg_foreign_server s on s.oid = ftserver
                          where ftrelid = rel.oid)
           else '' end ||
         coalesce((select format(' using %I', amname) from pg_am
                   where pg_am.oid = relam and amname <> 'heap'), '') ||
         coalesce((select format(' tablespace %I', spcname) from pg_tablespace
                   where pg_tablespace.oid = reltablespace and relkind <> 'f'), ''), true
  from rel where relkind in ('r', 'p', 'f')
  union all
  select 'pg_class'::regclass, child, 2, 0, 11,
         case when partition
              then format('alter table only %s attach partition %s %s', p.said, c.said,
                          pg_get_expr(c.relpartbound, c.oid))
              else format('alter table only %s inherit %s', c.said, p.said) end, true
  from joins join rel c on c.oid = child join rel p on p.oid = parent where partition or later
  union all
  select 'pg_class'::regclass, attrelid, 3, 0, 11,
         format('alter table only %s ', t.said) ||
         string_agg(format('alter column %I add generated %s as identity (sequence name %s %s)',
                           attname, case attidentity when 'a' then 'always' else 'by default' end,
                           s.said, numbers.said), ', '), true
  from identity join pg_attribute using (attrelid, attnum) join rel t on t.oid = attrelid
       join rel s on s.oid = sequence join numbers on seqrelid = sequence
  group by attrelid, t.said
  union all
  -- NOT NULL where the table itself did not say so
  select 'pg_class'::regclass, attrelid, 100 + attnum, 0, 11,
         format('alter table only %s alter column %I set not null', said, attname), true
  from rel join pg_attribute on attrelid = rel.oid
  where relkind in ('r', 'p', 'f') and attnum > 0 and not attisdropped and attnotnull
    and not (attislocal or relispartition) and current_setting('server_version_num')::int < 180000
    and not exists (select from joins join pg_attribute a on a.attrelid = parent
                    where child = rel.oid and a.attname = pg_attribute.attname and a.attnotnull)
  union all
  select 'pg_attrdef'::regclass, d.oid, 0, adrelid, 12,
         format('alter %s %s alter column %I set default %s',
                case relkind when 'v' then 'view' else 'table only' end, said, attname,
                pg_get_expr(adbin, adrelid)), true
  from pg_attrdef d join rel on rel.oid = adrelid
       join pg_attribute on attrelid = adrelid and attnum = adnum
  where attgenerated = ''
  union all
  select 'pg_constraint'::regclass, k.oid, 0, conrelid,
         case contype when 'n' then 13 when 'c' then 14 when 'f' then 18 else 15 end,
         format('alter table %s%s add constraint %I %s',
                case when contype in ('p', 'u', 'x') then 'only ' else '' end, said, conname,
                pg_get_constraintdef(k.oid)), true
  from pg_constraint k join rel on rel.oid = conrelid
  where case contype when 'f' then conparentid = 0
          when 'n' then (conislocal or relispartition) and not exists (
            select from own_column
            where attrelid = conrelid and attnum = conkey[1] and convalidated)
          when 'c' then conislocal or relispartition
          else contype in ('p', 'u', 'x') end
  union all
  select 'pg_constraint'::regclass, k.oid, 0, 0, 5,
         format('alter domain %I.%I add constraint %I %s', nspname, typname, conname,
                pg_get_constraintdef(k.oid)), true
  from pg_constraint k join pg_type t on t.oid = contypid join place on place.oid = typnamespace
  where contype = 'c'
  union all
  select 'pg_class'::regclass, rel.oid, 0, indrelid, 15, pg_get_indexdef(rel.oid),
         relkind = 'I' or indisvalid
  from rel join pg_index on indexrelid = rel.oid
  where not exists (select from home where class = 'pg_class'::regclass and id = rel.oid)
  union all
  select 'pg_class'::regclass, rel.oid, 2, indrelid, 16,
         format('alter index %s attach partition %s', p.said, rel.said), true
  from rel join pg_inherits on inhrelid = rel.oid join rel p on p.oid = inhparent
       join pg_index on indexrelid = rel.oid
  where rel.relkind in ('i', 'I')
  union all
  select 'pg_class'::regclass, indexrelid, 4, indrelid, 17,
         format('alter table %s cluster on %I', t.said, rel.relname), true
  from rel join pg_index on indexrelid = rel.oid join rel t on t.oid = indrelid where indisclustered
  union all
  select 'pg_class'::regclass, indexrelid, 5, indrelid, 17,
         format('alter table %s replica identity using index %I', t.said, rel.relname), true
  from rel join pg_index on indexrelid = rel.oid join rel t on t.oid = indrelid
  where indisreplident and t.relreplident = 'i'
  union all
  select 'pg_class'::regclass, oid, 5, 0, 17,
         format('alter table %s replica identity %s', said,
                case relreplident when 'f' then 'full' else 'nothing' end), true
  from rel where relkind in ('r', 'p') and relreplident in ('f', 'n')
  union all
  select 'pg_statistic_ext'::regclass, s.oid, 0, stxrelid, 17, pg_get_statisticsobjdef(s.oid), true
  from pg_statistic_ext s join place on place.oid = stxnamespace
  union all
  select 'pg_class'::regclass, oid, 0, 0, 17,
         format('create %sview %s as %s', case relkind when 'm' then 'materialized ' else '' end, said,
                rtrim(pg_get_viewdef(oid), '; ')), relispopulated
  from rel where relkind in ('v', 'm')
  union all
  select 'pg_rewrite'::regclass, r.oid, 0, ev_class, 18, pg_get_ruledef(r.oid), true
  from pg_rewrite r join rel on rel.oid = ev_class where rulename <> '_RETURN'
  union all
  select 'pg_trigger'::regclass, t.oid, 0, tgrelid, 18, pg_get_triggerdef(t.oid), true
  from pg_trigger t join rel on rel.oid = tgrelid
  where not tgisinternal and not exists (
    select from pg_depend where classid = 'pg_trigger'::regclass and objid = t.oid
      and refclassid = 'pg_trigger'::regclass)
  union all
  select 'pg_trigger'::regclass, t.oid, 1, tgrelid, 22,
         format('alter table %s %s trigger %I', said,
                case tgenabled when 'D' then 'disable' when 'R' then 'enable replica'
                               else 'enable always' end, tgname), true
  from pg_trigger t join rel on rel.oid = tgrelid where not tgisinternal and tgenabled <> 'O'
  union all
  select 'pg_policy'::regclass, p.oid, 0, polrelid, 18,
         format('create policy %I on %s as %s for %s to %s', polname, said,
                case when polpermissive then 'permissive' else 'restrictive' end,
                case polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update'
                            when 'd' then 'delete' else 'all' end,
                (select string_agg(coalesce(quote_ident(rolname), 'public'), ', ')
                 from unnest(polroles) as member(id) left join pg_roles on oid = id)) ||
         coalesce(' using (' || pg_get_expr(polqual, polrelid) || ')', '') ||
         coalesce(' with check (' || pg_get_expr(polwithcheck, polrelid) || ')', ''), true
  from pg_policy p join rel on rel.oid = polrelid
  union all
  select 'pg_publication'::regclass, p.oid, 0, 0, 18,
         format('create publication %I ', pubname) ||
         case when puballtables then 'for all tables ' else coalesce('for ' || nullif(concat_ws(', ', (
           select 'table ' || string_agg(said, ', ' order by said) from (
             select 'only ' || said || coalesce((
                      select ' (' || string_agg(quote_ident(attname), ', ' order by attnum) || ')'
                      from pg_attribute
                      where attrelid = prrelid and to_jsonb(r) -> 'prattrs' @> to_jsonb(attnum)), '') ||
                    coalesce((select ' where (' || (to_jsonb(shown) ->> 'rowfilter') || ')'
                              from pg_publication_tables shown
                              where shown.pubname = p.pubname and schemaname = rel.nspname
                                and tablename = relname), '') as said
             from pg_publication_rel r join rel on rel.oid = prrelid where prpubid = p.oid) as member
         ), (
           -- pg_publication_namespace came with 15
           select 'tables in schema ' || string_agg(quote_ident(nspname), ', ')
           from pg_depend feed join pg_depend whole using (classid, objid)
                join place on place.oid = whole.refobjid
           where classid = to_regclass('pg_catalog.pg_publication_namespace')
             and feed.refclassid = 'pg_publication'::regclass and feed.refobjid = p.oid
             and whole.refclassid = 'pg_namespace'::regclass
         )), '') || ' ', '') end ||
         format('with (publish = %L)', concat_ws(', ', case when pubinsert then 'insert' end,
                case when pubupdate then 'update' end, case when pubdelete then 'delete' end,
                case when pubtruncate then 'truncate' end)), true
  from pg_publication p
  union all
  select 'pg_class'::regclass, rel.oid, 6, 0, 21,
         format('alter %s %s owner to %I',
                case relkind when 'v' then 'view' when 'm' then 'materialized view'
                             when 'S' then 'sequence' when 'f' then 'foreign table' else 'table' end,
                said, rolname), true
  from rel join pg_roles on pg_roles.oid = relowner
  where relkind in ('r', 'p', 'v', 'm', 'f', 'S') and rolname <> current_user
    -- a sequence that a column owns has its table's owner
    and not exists (
      select from pg_depend where classid = 'pg_class'::regclass and objid = rel.oid
        and refclassid = 'pg_class'::regclass and refobjsubid > 0 and deptype in ('a', 'i'))
  union all
  select 'pg_subscription'::regclass, oid, 0, 0, 22,
         format('create subscription %I connection %L publication %s with (connect = false, slot_name = %s)',
                subname, '',
                (select string_agg(quote_ident(name), ', ') from unnest(subpublications) as feed(name)),
                coalesce(quote_literal(subslotname), 'none')), true
  from pg_subscription where subdbid = (select oid from pg_database where datname = current_database())
  union all
  select 'pg_subscription'::regclass, oid, 1, 0, 22, format('alter subscription %I enable', subname), true
  from pg_subscription
  where subdbid = (select oid from pg_database where datname = current_database()) and subenabled
  union all
  select 'pg_event_trigger'::regclass, oid, 0, 0, 23,
         format('create event trigger %I on %s%s execute function %s()', evtname, evtevent,
                coalesce(' when tag in (' || (
                  select string_agg(quote_literal(tag), ', ') from unnest(evttags) as named(tag)) || ')',
                  ''), evtfoid::regproc), true
  from pg_event_trigger
  union all
  select 'pg_event_trigger'::regclass, oid, 1, 0, 24,
         format('alter event trigger %I disable', evtname), true
  from pg_event_trigger where evtenabled = 'D'
),
-- What an extension brought comes with it.
member as materialized (
  select classid as class, objid as id from pg_depend where deptype = 'e'
),
ours as materialized (
  select node.*, row_number() over () as number
  from node
  where (class, id) not in (select class, id from member)
    and ('pg_class'::regclass, of) not in (select class, id from member)
),
edge as materialized (
  -- as PostgreSQL knows them
  select coalesce(h.home, classid) as class, coalesce(whole, objid) as id, 0 as part,
         coalesce(rh.rhome, refclassid) as on_class, coalesce(rwhole, refobjid) as on_id, 0 as on_part
  from pg_depend
       left join home h on h.class = classid and h.id = objid
       left join home rh(rclass, rid, rhome, rwhole) on rclass = refclassid and rid = refobjid
  where classid <> 0 and refobjid >= 16384
  union
  -- what is done to an object comes after it is made
  select class, id, part, class, id, 0 from ours where part > 0
  union
  select ours.class, ours.id, part, home, whole, 0
  from ours join home using (class, id) where part > 0
  union
  -- a domain over a domain has its checks
  select 'pg_type'::regclass, t.oid, 0, 'pg_constraint'::regclass, c.oid, 0
  from pg_type t join pg_constraint c on contypid = typbasetype where typtype = 'd'
  union
  -- what makes a table a child comes after the checks of both, and after the parent
  select k.class, k.id, k.part, 'pg_constraint'::regclass, c.oid, 0
  from ours k join joins on child = k.id
       join pg_constraint c on conrelid in (child, parent) and contype in ('c', 'n')
  where k.part = 2 and k.class = 'pg_class'::regclass
  union
  select 'pg_class'::regclass, child, 2, 'pg_class'::regclass, parent, 0 from joins
  union
  -- indexes and keys come after all partitions
  select home.home, whole, 0, 'pg_class'::regclass, child, 2
  from pg_index join joins on indrelid in (child, parent)
       join home on class = 'pg_class'::regclass and home.id = indexrelid
  union
  select 'pg_class'::regclass, indexrelid, 0, 'pg_class'::regclass, child, 2
  from pg_index join joins on indrelid in (child, parent)
  union
  select 'pg_constraint'::regclass, c.oid, 0, 'pg_class'::regclass, child, 2
  from pg_constraint c join joins on conrelid in (child, parent) where contype = 'f'
  union
  -- a part joins an index after it has its own parts, and after the index is there
  select 'pg_class'::regclass, i.inhparent, 2, 'pg_class'::regclass, i.inhrelid, 2
  from pg_inherits i
  union
  select 'pg_class'::regclass, inhrelid, 2, coalesce(home, 'pg_class'::regclass),
         coalesce(whole, inhparent), 0
  from pg_inherits left join home on class = 'pg_class'::regclass and id = inhparent
  union
  -- a key that is referenced has all its parts
  select 'pg_constraint'::regclass, c.oid, 0, 'pg_class'::regclass, inhrelid, 2
  from pg_constraint c join pg_inherits on inhparent = conindid where contype = 'f'
),
link as materialized (
  select ours.number, base.number as on_number
  from edge join ours using (class, id, part)
       join ours base on base.class = on_class and base.id = on_id and base.part = on_part
  where ours.number <> base.number
),
-- The longest way to each. Few objects depend on each other in a circle (a function and the check
-- that calls it); those end at the limit.
way(number, depth) as (
  select number, 0 from ours
  union
  select link.number, depth + 1 from way join link on on_number = way.number where depth < 200
),
placed as (
  select number, max(depth) as depth from way group by number
)
select json_build_object(
  'plimsoll_catalog', 1,
  'server_version', current_setting('server_version_num')::int / 10000,
  'search_path', current_setting('plimsoll.search_path')::json,
  'statements',
  -- a line each
  (select format(E'[\n%s\n]', string_agg(
            (case when usable then json_build_object('sql', sql)
                  else json_build_object('sql', sql, 'usable', false) end)::text,
            E',\n' order by rank >= 22, depth, rank, id, part, sql desc))::json
   from ours join placed using (number)));
commit;
