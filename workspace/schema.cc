#include "workspace/schema.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "analyzer/syntax/script.h"
#include "nlohmann/json.hpp"

namespace plimsoll {
namespace {

using Json = nlohmann::json;

// Half of a schema would make half of what follows fail: the first statement that cannot be read
// ends it. Null where all can.
const Problem* FirstProblem(const Script& script) {
  if (!script.problems.empty()) return &script.problems[0];
  for (const Statement& statement : script.statements) {
    if (statement.problem) return &*statement.problem;
  }
  return nullptr;
}

std::string Shortened(absl::string_view message) {
  constexpr size_t kLongest = 200;
  return std::string(message.substr(0, kLongest));
}

absl::StatusOr<Schema> ParseDump(const std::string& path, std::string text) {
  auto script = std::make_shared<const Script>(
      ParseScript(std::make_shared<const Source>(path, std::move(text))));
  if (const Problem* problem = FirstProblem(*script)) {
    const auto place = script->source->Locate(problem->span.begin);
    return absl::InvalidArgumentError(absl::StrCat(
        path, ":", place.line, ":", place.column, ": not readable as a schema: ",
        Shortened(problem->message), "; give what `pg_dump --schema-only` writes as plain SQL"));
  }
  return Schema{.migration = {.script = std::move(script), .applied = true, .schema = true}};
}

absl::Status Refuse(const std::string& path, absl::string_view pointer, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(
      path, ": ", pointer, ": ", why, "; read the server's catalog again (docs/formats.md)"));
}

// The parser says where the text stops being JSON by an exception only.
absl::StatusOr<Json> ParseJson(const std::string& path, const std::string& text) {
  try {
    return Json::parse(text);
  } catch (const Json::out_of_range&) {
    return Refuse(path, "a number", "it is out of range");
  } catch (const Json::parse_error& error) {
    const auto place =
        Source(path, text).Locate(static_cast<uint32_t>(error.byte > 0 ? error.byte - 1 : 0));
    return absl::InvalidArgumentError(
        absl::StrCat(path, ":", place.line, ":", place.column,
                     ": not readable as a catalog: here it is no JSON; read the server's catalog "
                     "again (docs/formats.md)"));
  }
}

absl::StatusOr<int> VersionIn(const std::string& path, const Json& json) {
  const auto found = json.find("server_version");
  if (found == json.end() || !found->is_number_integer()) {
    return Refuse(path, "/server_version", "there is no major version of PostgreSQL");
  }
  const auto version = found->get<int64_t>();
  if (version >= kOldestServer && version <= kNewestServer) return static_cast<int>(version);
  return absl::InvalidArgumentError(absl::StrCat(path, ": /server_version: ", version,
                                                 " is none that Plimsoll knows: ", kOldestServer,
                                                 " to ", kNewestServer));
}

absl::StatusOr<std::vector<std::string>> SearchPathIn(const std::string& path, const Json& json) {
  const auto found = json.find("search_path");
  const bool names =
      found != json.end() && found->is_array() &&
      std::all_of(found->begin(), found->end(), [](const Json& name) { return name.is_string(); });
  if (!names) return Refuse(path, "/search_path", "there is no list of schemas");
  return found->get<std::vector<std::string>>();
}

// The statements as one text, and where each ends in it.
struct Joined {
  std::string text;
  std::vector<size_t> ends;
  std::vector<uint32_t> unusable;
};

absl::StatusOr<Joined> JoinStatements(const std::string& path, const Json& json) {
  const auto found = json.find("statements");
  if (found == json.end() || !found->is_array()) {
    return Refuse(path, "/statements", "there is no list of statements");
  }
  Joined joined;
  for (const Json& statement : *found) {
    const auto index = static_cast<uint32_t>(joined.ends.size());
    const auto sql = statement.find("sql");  // of what is no object: its end
    if (sql == statement.end() || !sql->is_string()) {
      return Refuse(path, absl::StrCat("/statements/", index, "/sql"), "there is no SQL");
    }
    const auto usable = statement.find("usable");
    if (usable != statement.end() && !usable->is_boolean()) {
      return Refuse(path, absl::StrCat("/statements/", index, "/usable"), "it is no boolean");
    }
    if (usable != statement.end() && !usable->get<bool>()) joined.unusable.push_back(index);
    // A comment at the end of a statement ends with its line.
    absl::StrAppend(&joined.text, sql->get_ref<const std::string&>(), "\n;\n");
    joined.ends.push_back(joined.text.size());
  }
  return joined;
}

// Every text in the list has to be one statement; what is wrong with the first that is not.
absl::Status CheckStatements(const std::string& path, const Joined& joined, const Script& script) {
  const auto refuse = [&](size_t index, absl::string_view why) {
    return Refuse(path, absl::StrCat("/statements/", index, "/sql"), why);
  };
  if (const Problem* problem = FirstProblem(script)) {
    const auto end = std::upper_bound(joined.ends.begin(), joined.ends.end(), problem->span.begin);
    return refuse(static_cast<size_t>(end - joined.ends.begin()), Shortened(problem->message));
  }
  const std::vector<Statement>& statements = script.statements;
  for (size_t i = 0; i < joined.ends.size(); ++i) {
    const bool one = i < statements.size() && statements[i].form == StatementForm::kSql &&
                     statements[i].span.end <= joined.ends[i] &&
                     (i + 1 >= statements.size() || statements[i + 1].span.begin >= joined.ends[i]);
    if (!one) return refuse(i, "it is not one statement");
  }
  return absl::OkStatus();
}

absl::StatusOr<Schema> ParseCatalog(const std::string& path, const std::string& text) {
  const absl::StatusOr<Json> parsed = ParseJson(path, text);
  if (!parsed.ok()) return parsed.status();
  const Json& json = *parsed;
  const auto format = json.find("plimsoll_catalog");
  if (format == json.end() || !format->is_number_integer() || format->get<int64_t>() < 1) {
    return Refuse(path, "/plimsoll_catalog", "it does not say that it is a catalog");
  }
  if (format->get<int64_t>() > kCatalogFormat) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": /plimsoll_catalog: format ", format->get<int64_t>(),
                     " is newer than this plimsoll; get a newer one, or read the catalog with the "
                     "catalog.sql of this one"));
  }
  const absl::StatusOr<int> version = VersionIn(path, json);
  if (!version.ok()) return version.status();
  absl::StatusOr<std::vector<std::string>> search_path = SearchPathIn(path, json);
  if (!search_path.ok()) return search_path.status();
  absl::StatusOr<Joined> joined = JoinStatements(path, json);
  if (!joined.ok()) return joined.status();
  auto script = std::make_shared<const Script>(
      ParseScript(std::make_shared<const Source>(path, joined->text)));
  const absl::Status readable = CheckStatements(path, *joined, *script);
  if (!readable.ok()) return readable;
  return Schema{.migration = {.script = std::move(script),
                              .applied = true,
                              .schema = true,
                              .unusable = std::move(joined->unusable)},
                .server_version = *version,
                .search_path = *std::move(search_path)};
}

}  // namespace

absl::StatusOr<Schema> ParseSchema(const std::string& path, std::string text) {
  const bool catalog = absl::StartsWith(absl::StripLeadingAsciiWhitespace(text), "{");
  return catalog ? ParseCatalog(path, text) : ParseDump(path, std::move(text));
}

}  // namespace plimsoll
