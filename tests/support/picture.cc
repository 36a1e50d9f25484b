#include "tests/support/picture.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "nlohmann/json.hpp"

namespace plimsoll::picture {
namespace {

// Objects of extensions are left out: no text tells of them. So are the constraints that stand for
// one partition of the table that a foreign key references.
constexpr absl::string_view kQuery = R"sql(
with place as materialized (
  select oid, case when nspname ~ '^pg_temp_' then 'pg_temp' else nspname::text end as schema
  from pg_namespace
  where nspname ~ '^pg_temp_' or (nspname !~ '^pg_' and nspname <> 'information_schema')
), shown as materialized (
  select c.oid as id, place.schema || '.' || c.relname as name, c.*
  from pg_class c join place on place.oid = c.relnamespace
  where relkind in ('r', 'p', 'v', 'm', 'f', 'S', 'i', 'I') and not exists (
    select from pg_depend d
    where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
)
select json_build_object('name', name, 'kind', relkind, 'persistence', relpersistence)
from shown where relkind not in ('i', 'I', 'S')
union all
select json_build_object(
  'name', shown.name || ' column ' || attname,
  'place', row_number() over (partition by attrelid order by attnum),
  'type', coalesce(element.typname, typ.typname) ||
          case when element.oid is null then '' else '[]' end,
  'modifier', atttypmod, 'not null', attnotnull,
  'default', (atthasdef or attidentity <> '') and attgenerated = '',
  'generated', translate(attgenerated::text || attidentity::text, 'ad', 'ii'))
from shown join pg_attribute on attrelid = shown.id
     join pg_type typ on typ.oid = atttypid
     left join pg_type element on element.oid = typ.typelem and typ.typcategory = 'A'
where relkind in ('r', 'p', 'v', 'm', 'f') and attnum > 0 and not attisdropped
union all
select json_build_object(
  'name', shown.name || ' constraint ' || k.conname, 'kind', k.contype,
  'columns', (select string_agg(a.attname, ' ' order by
                                case when k.contype = 'c' then a.attname end, key.place)
              from unnest(k.conkey) with ordinality as key(attnum, place)
              join pg_attribute a on a.attrelid = k.conrelid and a.attnum = key.attnum),
  'validated', k.convalidated, 'enforced', coalesce((to_jsonb(k) ->> 'conenforced')::bool, true),
  'referenced', other.name,
  'referenced columns', (select string_agg(a.attname, ' ' order by key.place)
              from unnest(k.confkey) with ordinality as key(attnum, place)
              join pg_attribute a on a.attrelid = k.confrelid and a.attnum = key.attnum),
  'index', index.name)
from shown join pg_constraint k on conrelid = shown.id
     left join shown other on other.id = k.confrelid
     left join shown index on index.id = k.conindid and k.contype in ('p', 'u', 'x')
     left join pg_constraint parent on parent.oid = k.conparentid
where k.contype <> 't' and (parent.oid is null or parent.conrelid <> k.conrelid)
union all
select json_build_object(
  'name', shown.name, 'kind', shown.relkind, 'persistence', shown.relpersistence,
  'table', t.name, 'unique', indisunique, 'valid', indisvalid, 'method', amname,
  'keys', (select string_agg(coalesce(a.attname::text, '()'), ' ' order by key.place)
           from unnest(indkey::int2[]) with ordinality as key(attnum, place)
           left join pg_attribute a
             on a.attrelid = indrelid and a.attnum = key.attnum and key.attnum <> 0
           where key.place <= indnkeyatts),
  'include', coalesce((select string_agg(a.attname, ' ' order by key.place)
           from unnest(indkey::int2[]) with ordinality as key(attnum, place)
           join pg_attribute a on a.attrelid = indrelid and a.attnum = key.attnum
           where key.place > indnkeyatts), ''),
  'expression', indexprs is not null, 'predicate', indpred is not null)
from shown join pg_index on indexrelid = shown.id join shown t on t.id = indrelid
     join pg_am on pg_am.oid = shown.relam
union all
select json_build_object(
  'name', shown.name, 'kind', shown.relkind, 'persistence', shown.relpersistence,
  'owner', coalesce(t.name || ' ' || a.attname, ''))
from shown
     left join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = shown.id
       and d.refclassid = 'pg_class'::regclass and d.refobjsubid > 0 and d.deptype in ('a', 'i')
     left join shown t on t.id = d.refobjid
     left join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
where shown.relkind = 'S')sql";

std::string Say(bool value) { return value ? "true" : "false"; }

// pg_class.relkind
std::string Say(RelationKind kind) {
  switch (kind) {
    case RelationKind::kTable:
      return "r";
    case RelationKind::kPartitionedTable:
      return "p";
    case RelationKind::kIndex:
      return "i";
    case RelationKind::kPartitionedIndex:
      return "I";
    case RelationKind::kSequence:
      return "S";
    case RelationKind::kView:
      return "v";
    case RelationKind::kMaterializedView:
      return "m";
    case RelationKind::kForeignTable:
      return "f";
  }
  return "";
}

// pg_class.relpersistence
std::string Say(Persistence persistence) {
  switch (persistence) {
    case Persistence::kPermanent:
      return "p";
    case Persistence::kUnlogged:
      return "u";
    case Persistence::kTemporary:
      return "t";
  }
  return "";
}

// pg_constraint.contype
std::string Say(ConstraintKind kind) {
  switch (kind) {
    case ConstraintKind::kNotNull:
    case ConstraintKind::kNull:
      return "n";
    case ConstraintKind::kCheck:
      return "c";
    case ConstraintKind::kUnique:
      return "u";
    case ConstraintKind::kPrimaryKey:
      return "p";
    case ConstraintKind::kForeignKey:
      return "f";
    case ConstraintKind::kExclusion:
      return "x";
  }
  return "";
}

// pg_attribute.attgenerated and attidentity together
std::string Say(Generated generated) {
  switch (generated) {
    case Generated::kNo:
      return "";
    case Generated::kStored:
      return "s";
    case Generated::kVirtual:
      return "v";
    case Generated::kIdentity:
      return "i";
  }
  return "";
}

// pg_attribute.atttypmod, as the types' own input functions make it; empty where a type is not
// known to this test.
std::optional<int32_t> ModifierOf(const TypeName& type) {
  const std::vector<int32_t>& given = type.modifiers;
  if (given.empty()) return -1;
  const std::string& name = type.name.name;
  if (name == "varchar" || name == "bpchar") return given[0] + 4;
  if (name == "numeric") {
    const int32_t scale = given.size() > 1 ? given[1] : 0;
    return ((given[0] << 16) | (scale & 0x7ff)) + 4;
  }
  if (name == "interval") {
    constexpr int32_t kFullPrecision = 0xFFFF;
    return (given[0] << 16) | (given.size() > 1 ? given[1] : kFullPrecision);
  }
  const bool plain = name == "bit" || name == "varbit" || absl::StartsWith(name, "time");
  if (plain) return given[0];
  return std::nullopt;
}

std::string NameOf(const Relation& relation) {
  return absl::StrCat(relation.schema, ".", relation.name);
}

Facts OfColumn(const Relation& relation, size_t place) {
  const TableColumn& column = relation.columns[place];
  Facts facts;
  if (relation.columns_known) facts["place"] = absl::StrCat(place + 1);
  if (column.type != nullptr) {
    facts["type"] = absl::StrCat(column.type->name.name, column.type->array ? "[]" : "");
    const std::optional<int32_t> modifier = ModifierOf(*column.type);
    if (modifier) facts["modifier"] = absl::StrCat(*modifier);
  }
  if (!relation.columns_known) return facts;
  // PostgreSQL 18 says so of a NOT VALID constraint too; the simulation of what is proven.
  facts["not null"] = Say(column.not_null || relation.FindNotNull(column.name) != nullptr);
  const bool computed =
      column.generated == Generated::kStored || column.generated == Generated::kVirtual;
  facts["default"] = Say(column.has_default && !computed);
  facts["generated"] = Say(column.generated);
  return facts;
}

Facts OfConstraint(const TableConstraint& constraint, const CatalogView& catalog) {
  std::vector<std::string> columns = constraint.columns;
  if (constraint.kind == ConstraintKind::kCheck) std::sort(columns.begin(), columns.end());
  Facts facts = {{"kind", Say(constraint.kind)},
                 {"validated", Say(constraint.validated)},
                 {"enforced", Say(constraint.enforced)}};
  if (constraint.kind != ConstraintKind::kExclusion) {
    facts["columns"] = absl::StrJoin(columns, " ");
  }
  if (const Relation* referenced = catalog.Find(constraint.referenced)) {
    facts["referenced"] = NameOf(*referenced);
    if (!constraint.referenced_columns.empty()) {
      facts["referenced columns"] = absl::StrJoin(constraint.referenced_columns, " ");
    }
  }
  if (const Relation* index = catalog.Find(constraint.index)) facts["index"] = NameOf(*index);
  return facts;
}

Facts OfIndex(const Relation& index, const CatalogView& catalog) {
  const std::string keys =
      absl::StrJoin(index.keys, " ", [](std::string* out, const action::IndexColumn& key) {
        out->append(key.column.empty() ? "()" : key.column);
      });
  const Relation* table = catalog.Find(index.table);
  return {{"table", table == nullptr ? "" : NameOf(*table)},
          {"unique", Say(index.unique)},
          {"valid", Say(index.valid)},
          {"method", index.method},
          {"keys", keys},
          {"include", absl::StrJoin(index.include, " ")},
          {"expression", Say(index.has_expression)},
          {"predicate", Say(index.has_predicate)}};
}

void Add(const Relation& relation, const CatalogView& catalog, int server_version,
         Picture& picture) {
  const std::string name = NameOf(relation);
  if (relation.assumed) picture.assumed.insert(name);
  if (!relation.columns_known) picture.open.insert(name);
  Facts facts = relation.IsIndex() ? OfIndex(relation, catalog) : Facts();
  facts["kind"] = Say(relation.kind);
  facts["persistence"] = Say(relation.persistence);
  if (relation.kind == RelationKind::kSequence) {
    const Relation* owner = catalog.Find(relation.owner);
    facts["owner"] =
        owner == nullptr ? "" : absl::StrCat(NameOf(*owner), " ", relation.owner_column);
  }
  picture.objects[name] = std::move(facts);
  for (size_t i = 0; i < relation.columns.size(); ++i) {
    picture.objects[absl::StrCat(name, " column ", relation.columns[i].name)] =
        OfColumn(relation, i);
  }
  for (const TableConstraint& constraint : relation.constraints) {
    // Before 18, NOT NULL was no constraint.
    if (constraint.kind == ConstraintKind::kNotNull && server_version < 18) continue;
    picture.objects[absl::StrCat(name, " constraint ", constraint.name)] =
        OfConstraint(constraint, catalog);
  }
}

std::string Show(const Facts& facts) {
  return absl::StrJoin(facts, ", ", absl::PairFormatter("="));
}

// Whether the object is one of these relations or belongs to one.
bool IsOf(const std::string& object, const std::set<std::string>& relations) {
  for (const absl::string_view part : {" column ", " constraint "}) {
    const size_t end = object.find(std::string(part));
    if (end != std::string::npos && relations.contains(object.substr(0, end))) return true;
  }
  return false;
}

}  // namespace

Picture Of(const CatalogView& catalog, int server_version) {
  Picture picture;
  for (const Relation* relation : catalog.AllRelations()) {
    // The query leaves it out too.
    if (relation->schema == "information_schema") continue;
    Add(*relation, catalog, server_version, picture);
  }
  return picture;
}

absl::string_view Query() { return kQuery; }

Picture Of(const Rows& rows) {
  Picture picture;
  for (const std::vector<Value>& row : rows.values) {
    const auto object = nlohmann::json::parse(*row[0], nullptr, /*allow_exceptions=*/false);
    Facts& facts = picture.objects[object["name"].get<std::string>()];
    for (const auto& [key, value] : object.items()) {
      if (key == "name" || value.is_null()) continue;
      facts[key] = value.is_string() ? value.get<std::string>() : value.dump();
    }
  }
  return picture;
}

std::string Compare(const Picture& predicted, const Picture& real) {
  std::string differences;
  for (const auto& [name, facts] : predicted.objects) {
    if (predicted.assumed.contains(name) || IsOf(name, predicted.assumed)) continue;
    const auto found = real.objects.find(name);
    if (found == real.objects.end()) {
      absl::StrAppend(&differences, "\n  only predicted: ", name, " (", Show(facts), ")");
      continue;
    }
    for (const auto& [key, value] : facts) {
      const auto fact = found->second.find(key);
      const std::string measured = fact == found->second.end() ? "" : fact->second;
      if (measured == value) continue;
      absl::StrAppend(&differences, "\n  ", name, ": ", key, " predicted \"", value,
                      "\", measured \"", measured, "\"");
    }
  }
  for (const auto& [name, facts] : real.objects) {
    if (predicted.objects.contains(name)) continue;
    if (IsOf(name, predicted.open)) continue;
    absl::StrAppend(&differences, "\n  only measured: ", name, " (", Show(facts), ")");
  }
  return differences;
}

}  // namespace plimsoll::picture
