#include "bench/corpus.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"

namespace plimsoll::bench {
namespace {

constexpr std::array<absl::string_view, 16> kNouns = {
    "account",  "booking", "cargo",   "dock",  "engine",   "freight", "invoice", "journey",
    "manifest", "order",   "payment", "quote", "shipment", "tariff",  "vessel",  "warehouse"};
constexpr std::array<absl::string_view, 12> kAspects = {"archive", "audit",  "contact", "detail",
                                                        "event",   "item",   "note",    "rate",
                                                        "setting", "status", "ticket",  "version"};
constexpr std::array<absl::string_view, 14> kColumns = {
    "amount", "cancelled_at", "code",     "comment", "currency", "external_id", "is_active",
    "locale", "priority",     "quantity", "region",  "sent_at",  "title",       "weight"};
constexpr std::array<absl::string_view, 8> kTypes = {"integer",     "bigint",         "text",
                                                     "varchar(80)", "numeric(12, 2)", "timestamptz",
                                                     "boolean",     "jsonb"};

// SplitMix64: small, and the same on every machine, as the standard's distributions are not.
class Dice {
 public:
  size_t Below(size_t limit) {
    state_ += 0x9E3779B97F4A7C15U;
    uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return static_cast<size_t>((z ^ (z >> 31U)) % limit);
  }

  template <typename Choices>
  absl::string_view Pick(const Choices& choices) {
    return choices[Below(choices.size())];
  }

 private:
  uint64_t state_ = 18;
};

struct Table {
  std::string name;
  size_t columns = 0;  // added so far; their names end in their number
};

class Author {
 public:
  std::vector<CorpusFile> Write(size_t statements) {
    while (written_ < statements) {
      const size_t until = std::min(statements, written_ + 4 + dice_.Below(20));
      std::string text =
          absl::StrCat("-- Migration ", files_.size() + 1, " of the fleet database.\n\n");
      std::string subject;
      while (written_ < until) {
        absl::StrAppend(&text, NextStatement(), ";\n\n");
        if (subject.empty()) subject = tables_.back().name;
        ++written_;
      }
      files_.push_back(
          {absl::StrFormat("%05d_%s.sql", files_.size() + 1, subject), std::move(text)});
    }
    return std::move(files_);
  }

 private:
  std::string NextStatement() {
    if (tables_.empty() || dice_.Below(9) == 0) return CreateTable();
    Table& table = SomeTable();
    switch (dice_.Below(5)) {
      case 0:
      case 1:
        return ChangeColumns(table);
      case 2:
        return Constrain(table);
      case 3:
        return Index(table);
      default:
        return Program(table);
    }
  }

  // Mostly what was made lately, sometimes what is old.
  Table& SomeTable() {
    const size_t recent = std::min<size_t>(tables_.size(), 12);
    if (dice_.Below(4) == 0) return tables_[dice_.Below(tables_.size())];
    return tables_[tables_.size() - 1 - dice_.Below(recent)];
  }

  // A column that the table has.
  std::string SomeColumn(const Table& table) {
    return table.columns == 0 ? "created_at" : ColumnName(table, dice_.Below(table.columns));
  }

  static std::string ColumnName(const Table& table, size_t index) {
    const size_t word = (table.name.size() + index * 5) % kColumns.size();
    return absl::StrCat(kColumns[word], "_", index);
  }

  std::string CreateTable() {
    const size_t number = tables_.size();
    // One roll a statement: in which order arguments are evaluated is up to the compiler.
    const absl::string_view noun = dice_.Pick(kNouns);
    const absl::string_view aspect = dice_.Pick(kAspects);
    const size_t columns = 3 + dice_.Below(8);
    tables_.push_back({absl::StrCat(noun, "_", aspect, "_", number), columns});
    const Table& table = tables_.back();
    std::string text = absl::StrCat("CREATE TABLE ", table.name,
                                    " (\n    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY");
    if (number > 0) {
      const Table& parent = tables_[dice_.Below(number)];
      absl::StrAppend(&text, ",\n    parent_id bigint NOT NULL REFERENCES ", parent.name, " (id)");
    } else {
      absl::StrAppend(&text, ",\n    parent_id bigint");
    }
    for (size_t i = 0; i < table.columns; ++i) {
      const absl::string_view type = dice_.Pick(kTypes);
      absl::StrAppend(&text, ",\n    ", ColumnName(table, i), " ", type,
                      dice_.Below(3) == 0 ? " NOT NULL" : "");
    }
    absl::StrAppend(&text, ",\n    created_at timestamptz NOT NULL DEFAULT now(),\n    CONSTRAINT ",
                    table.name, "_fresh CHECK (created_at > '2001-01-01')\n)");
    return text;
  }

  std::string ChangeColumns(Table& table) {
    const std::string column = SomeColumn(table);
    const std::string alter = absl::StrCat("ALTER TABLE ", table.name, "\n    ");
    switch (dice_.Below(8)) {
      case 0:
      case 1: {
        const std::string added = ColumnName(table, table.columns++);
        return absl::StrCat(alter, "ADD COLUMN ", added, " ", dice_.Pick(kTypes));
      }
      case 2: {
        const std::string flag = ColumnName(table, table.columns++);
        const std::string token = ColumnName(table, table.columns++);
        return absl::StrCat(alter, "ADD COLUMN ", flag,
                            " boolean NOT NULL DEFAULT false,\n    ADD COLUMN ", token,
                            " uuid DEFAULT gen_random_uuid()");
      }
      case 3:
        return absl::StrCat(alter, "ALTER COLUMN ", column, " SET NOT NULL");
      case 4: {
        const absl::string_view type = dice_.Pick(kTypes);
        return absl::StrCat(alter, "ALTER COLUMN ", column, " TYPE ", type, " USING ", column,
                            "::", type);
      }
      case 5:
        return absl::StrCat(alter, "ALTER COLUMN ", column, " SET DEFAULT ", dice_.Below(100));
      case 6:
        return absl::StrCat(alter, "DROP COLUMN IF EXISTS ", column, "_old");
      default:
        return absl::StrCat("COMMENT ON COLUMN ", table.name, ".", column,
                            " IS 'Filled in by the booking desk; see the handbook, chapter ",
                            dice_.Below(40), "'");
    }
  }

  std::string Constrain(Table& table) {
    const std::string column = SomeColumn(table);
    const std::string name = absl::StrCat(table.name, "_c", written_);
    const std::string alter = absl::StrCat("ALTER TABLE ", table.name, "\n    ");
    switch (dice_.Below(5)) {
      case 0:
        return absl::StrCat(alter, "ADD CONSTRAINT ", name, " FOREIGN KEY (parent_id) REFERENCES ",
                            SomeTable().name, " (id) NOT VALID");
      case 1:
        return absl::StrCat(alter, "ADD CONSTRAINT ", name, " CHECK (", column,
                            " IS NOT NULL) NOT VALID");
      case 2:
        return absl::StrCat(alter, "VALIDATE CONSTRAINT ", table.name, "_fresh");
      case 3:
        return absl::StrCat(alter, "ADD CONSTRAINT ", name, " UNIQUE (", column, ", parent_id)");
      default:
        return absl::StrCat(alter, "DROP CONSTRAINT IF EXISTS ", name);
    }
  }

  std::string Index(Table& table) {
    const std::string column = SomeColumn(table);
    const std::string name = absl::StrCat(table.name, "_", written_, "_idx");
    switch (dice_.Below(4)) {
      case 0:
        return absl::StrCat("CREATE INDEX CONCURRENTLY IF NOT EXISTS ", name, " ON ", table.name,
                            " (", column, ")");
      case 1:
        return absl::StrCat("CREATE INDEX ", name, " ON ", table.name, " (parent_id, ", column,
                            " DESC)\n    WHERE created_at > '2020-01-01'");
      case 2:
        return absl::StrCat("CREATE UNIQUE INDEX ", name, " ON ", table.name, " (", column,
                            ", lower(id::text))");
      default:
        return absl::StrCat("DROP INDEX CONCURRENTLY IF EXISTS ", name);
    }
  }

  std::string Program(Table& table) {
    const std::string column = SomeColumn(table);
    switch (dice_.Below(6)) {
      case 0: {
        const size_t first = dice_.Below(1000);
        return absl::StrCat("UPDATE ", table.name, "\nSET ", column, " = DEFAULT\nWHERE ", column,
                            " IS NULL AND id BETWEEN ", first, " AND ", first + 999);
      }
      case 1:
        return absl::StrCat("INSERT INTO ", table.name,
                            " (parent_id, created_at)\nVALUES (1, now()),",
                            " (2, now()), (3, '2021-06-0", 1 + dice_.Below(9), "')");
      case 2:
        return absl::StrCat("CREATE OR REPLACE VIEW ", table.name, "_recent AS\nSELECT t.id, t.",
                            column, ", t.created_at\nFROM ", table.name,
                            " AS t\nWHERE t.created_at > now() - interval '30 days'");
      case 3:
        return absl::StrCat("CREATE OR REPLACE FUNCTION touch_", table.name,
                            "() RETURNS trigger\nLANGUAGE plpgsql AS $body$\nBEGIN\n",
                            "    NEW.created_at := coalesce(NEW.created_at, now());\n",
                            "    IF NEW.parent_id IS NULL THEN\n",
                            "        RAISE EXCEPTION 'no parent';\n    END IF;\n",
                            "    RETURN NEW;\nEND\n$body$");
      case 4:
        return absl::StrCat("GRANT SELECT, INSERT, UPDATE ON ", table.name, " TO fleet_app");
      default:
        return absl::StrCat("DELETE FROM ", table.name, " WHERE created_at < '20",
                            10 + dice_.Below(10), "-01-01'");
    }
  }

  Dice dice_;
  std::vector<Table> tables_;
  std::vector<CorpusFile> files_;
  size_t written_ = 0;
};

}  // namespace

std::vector<CorpusFile> MakeCorpus(size_t statements) { return Author().Write(statements); }

size_t BytesOf(const std::vector<CorpusFile>& corpus) {
  size_t bytes = 0;
  for (const CorpusFile& file : corpus) bytes += file.text.size();
  return bytes;
}

}  // namespace plimsoll::bench
