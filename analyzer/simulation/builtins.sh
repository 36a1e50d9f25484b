#!/usr/bin/env bash
# Writes the tables of what PostgreSQL and its contrib extensions bring, beside this script:
# builtin_functions.inc, builtin_types.inc, builtin_settings.inc and builtin_support.inc. Makes a
# database for the extensions on each server, and drops it.
# Usage: builtins.sh CONNECTION… (as libpq takes them), one of each server version.
# A row that not all of the servers have ends in the first and the last version that has it; that
# the oldest or the newest server has it counts as "always".
set -euo pipefail
folder=$(cd "$(dirname "$0")" && pwd)
[[ $# -gt 0 ]] || { echo "usage: builtins.sh CONNECTION…" >&2; exit 2; }
export LC_ALL=C PGOPTIONS='-c search_path=pg_catalog -c client_min_messages=warning'

# The name of a type as the grammar spells it: `int4`, `text[]`.
spell='(select coalesce(e.typname || $$[]$$, t.typname) from pg_type t
        left join pg_type e on e.typarray = t.oid where t.oid = '

read -r -d '' functions <<SQL || true
select p.proname, format('{"%s", "%s", "%s", ''%s'', ''%s'', %s, %s', p.proname,
    (select coalesce(string_agg($spell a.type), ' ' order by a.n), '')
     from unnest(p.proargtypes::oid[]) with ordinality a (type, n)),
    $spell p.prorettype), p.provolatile, p.prokind, p.pronargdefaults,
    case when p.provariadic <> 0 then 'true' else 'false' end)
from pg_proc p
where p.pronamespace = NAMESPACE::regnamespace and p.oid RANGE
  -- what no one calls by name: support functions of types and access methods, triggers
  and p.proname !~ '^(RI_|bt(?!rim)|hash(?!text)|gin(?!_clean)|gist|brin(?!_summarize|_desummarize)|spg|ts_typanalyze|array_typanalyze|in_range|binary_upgrade)'
  and not exists (select from pg_type t where p.oid in
    (t.typinput, t.typoutput, t.typreceive, t.typsend, t.typmodin, t.typmodout, t.typanalyze))
  and not ('internal'::regtype = any (p.proargtypes::oid[]))
  and p.prorettype not in ('internal'::regtype, 'trigger'::regtype, 'event_trigger'::regtype)
SQL

# The functions that are left out above, by what they give.
read -r -d '' support <<SQL || true
select p.proname, format('{"%s", ''%s''', p.proname, case t.typname when 'trigger' then 't'
    when 'event_trigger' then 'e' when 'index_am_handler' then 'i' when 'table_am_handler' then 'h'
    when 'language_handler' then 'l' when 'fdw_handler' then 'f' else 'o' end)
from pg_proc p join pg_type t on t.oid = p.prorettype
where p.pronamespace = NAMESPACE::regnamespace and p.oid RANGE
  and (p.proname ~ '^(RI_|bt(?!rim)|hash(?!text)|gin(?!_clean)|gist|brin(?!_summarize|_desummarize)|spg|ts_typanalyze|array_typanalyze|in_range|binary_upgrade)'
  or exists (select from pg_type s where p.oid in
    (s.typinput, s.typoutput, s.typreceive, s.typsend, s.typmodin, s.typmodout, s.typanalyze))
  or 'internal'::regtype = any (p.proargtypes::oid[])
  or p.prorettype in ('internal'::regtype, 'trigger'::regtype, 'event_trigger'::regtype))
SQL

read -r -d '' operators <<SQL || true
select o.oprname, format('{"%s", "%s", "%s", "%s", ''%s''', o.oprname,
    case when o.oprleft = 0 then '' else $spell o.oprleft) end,
    case when o.oprright = 0 then '' else $spell o.oprright) end,
    $spell o.oprresult), p.provolatile)
from pg_operator o join pg_proc p on p.oid = o.oprcode
where o.oprnamespace = NAMESPACE::regnamespace and o.oid RANGE
SQL

read -r -d '' types <<SQL || true
select t.typname, format('{"%s", ''%s'', ''%s'', %s, %s, ''%s'', ''%s''', t.typname, t.typtype,
    t.typcategory, case when t.typispreferred then 'true' else 'false' end,
    case when t.typcollation <> 0 then 'true' else 'false' end, i.provolatile, o.provolatile)
from pg_type t join pg_proc i on i.oid = t.typinput join pg_proc o on o.oid = t.typoutput
where t.typnamespace = NAMESPACE::regnamespace and t.oid RANGE and t.typtype <> 'c'
  and not exists (select from pg_type e where e.typarray = t.oid)
SQL

read -r -d '' casts <<SQL || true
select $spell c.castsource), format('{"%s", "%s", ''%s'', ''%s'', ''%s''', $spell c.castsource),
    $spell c.casttarget), c.castcontext, c.castmethod,
    coalesce((select p.provolatile::text from pg_proc p where p.oid = c.castfunc), 'i'))
from pg_cast c where c.oid RANGE
SQL

read -r -d '' operator_classes <<SQL || true
select m.amname, format('{"%s", "%s", "%s", %s, %s', m.amname, c.opcname,
    $spell c.opcintype), case when c.opcdefault then 'true' else 'false' end,
    case when c.opckeytype <> 0 then 'true' else 'false' end)
from pg_opclass c join pg_am m on m.oid = c.opcmethod
where c.opcnamespace = NAMESPACE::regnamespace and c.oid RANGE
SQL

# Of integers and reals their least and greatest value, of enums their values.
read -r -d '' settings <<SQL || true
select s.name, format('{"%s", ''%s'', "%s", "%s", %s, %s, "%s"', s.name, left(s.vartype, 1),
    s.context, s.unit, coalesce(s.min_val, '0'), coalesce(s.max_val, '0'),
    array_to_string(s.enumvals, ','))
from pg_settings s where s.name !~ '[.]'
SQL

versions=$(for server in "$@"; do psql -XqAt "$server" -c 'show server_version'; done | sort -n)
oldest=$(head -n 1 <<<"$versions" | cut -d. -f1)
newest=$(tail -n 1 <<<"$versions" | cut -d. -f1)

scratch=plimsoll_builtins
extensions=btree_gin,btree_gist,citext,cube,earthdistance,fuzzystrmatch,hstore,intarray,lo,ltree
extensions+=,pg_trgm,pgcrypto,tablefunc,unaccent,uuid-ossp
for server in "$@"; do
  psql -Xqv ON_ERROR_STOP=1 "$server" -c "drop database if exists $scratch" \
    -c "create database $scratch template template0"
  # What a build of a server lacks, another brings.
  psql -Xqv ON_ERROR_STOP=1 -d "$server" -c "\\c $scratch" -c "
    do \$\$ declare extension text; begin
      foreach extension in array '{$extensions}'::text[] loop
        begin
          execute format('create extension %I schema public', extension);
        exception when others then raise warning '%: %', extension, sqlerrm;
        end;
      end loop;
    end \$\$" > /dev/null
done

# rows QUERY NAMESPACE RANGE: the rows of a query, of all servers, sorted by the first column.
rows() {
  local query=${1//NAMESPACE/\'$2\'}
  query=${query//RANGE/$3}
  for server in "${servers[@]}"; do
    psql -XqAt -F $'\t' "$server" -c "\\c $scratch" -c "
      select current_setting('server_version_num')::int / 10000, q.* from ($query) q (key, row)"
  done | awk -F '\t' -v oldest="$oldest" -v newest="$newest" '
    NF < 3 { next }
    { id = $2 "\t" $3
      if (!(id in first) || $1 < first[id]) first[id] = $1
      if ($1 > last[id]) last[id] = $1 }
    END { for (id in first) {
      since = first[id] > oldest; until = last[id] < newest
      printf "%s%s},\n", id, \
        since || until ? ", " (since ? first[id] : 0) ", " (until ? last[id] : 99) : "" } }' |
    sort -t $'\t' -k 1,1 -k 2 | cut -f 2 | sed 's/^/    /'
}

# table TYPE NAME QUERY: as C++, of PostgreSQL itself and of its extensions.
table() {
  printf '\nconstexpr Builtin%s kBuiltin%s[] = {\n%s\n};\n' "$1" "$2" \
    "$(rows "$3" pg_catalog '< 16384')"
  printf '\nconstexpr Builtin%s kExtension%s[] = {\n%s\n};\n' "$1" "$2" \
    "$(rows "$3" public '>= 16384')"
}

servers=("$@")
header="// Generated by builtins.sh from PostgreSQL ${versions//$'\n'/, }."
{
  echo "$header"
  table Function Functions "$functions"
  table Operator Operators "$operators"
} > "$folder/builtin_functions.inc"
{
  echo "$header"
  table Type Types "$types"
  table Cast Casts "$casts"
  table OperatorClass OperatorClasses "$operator_classes"
} > "$folder/builtin_types.inc"
{
  echo "$header"
  printf '\nconstexpr BuiltinSetting kBuiltinSettings[] = {\n%s\n};\n' "$(rows "$settings" '' '')"
} > "$folder/builtin_settings.inc"
{
  echo "$header"
  printf '\nconstexpr BuiltinSupport kBuiltinSupport[] = {\n%s\n};\n' \
    "$(rows "$support" pg_catalog '< 16384')"
} > "$folder/builtin_support.inc"
for server in "$@"; do psql -Xq "$server" -c "drop database $scratch"; done
