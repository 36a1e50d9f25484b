#include <utility>

#include "analyzer/checking/rule.h"

namespace plimsoll::rules {

namespace {

// What Plimsoll itself cannot read is no mistake of the statement's.
void Report(uint32_t migration, uint32_t statement, const Problem& problem,
            const Reporter& report) {
  Complaint complaint = {.migration = migration,
                         .statement = statement,
                         .span = problem.span,
                         .message = problem.message};
  if (problem.sqlstate.empty()) {
    complaint.why = "what was not read is not judged by any rule";
    complaint.help = statement == Complaint::kWholeFile
                         ? "save the file as UTF-8 text, and split one that is too large"
                         : "split a statement that is too large or too deep; where there is no "
                           "memory, let this process have more address space (ulimit -v)";
  }
  report(std::move(complaint));
}

// What our grammar takes and the server's does not.
void ReportOlder(const History& history, uint32_t migration, uint32_t statement,
                 const Reporter& report) {
  for (const Step& step : history.StepsOf(migration, statement)) {
    const std::optional<Failure>& failure = step.effects.failure;
    if (step.within != nullptr || !failure || !IsOfGrammar(*failure)) continue;
    report({.migration = migration,
            .statement = statement,
            .span = step.span,
            .message = failure->message,
            .help = "write what that server takes, or say with --server-version which it is"});
  }
}

}  // namespace

PLIMSOLL_RULE(syntax_error) = {
    .id = "syntax-error",
    .family = Family::kSyntax,
    .severity = Severity::kError,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary = "PostgreSQL's grammar rejects the statement",
    .why = "the migration stops here, and without a transaction around it what ran before stays",
    .help = "correct the statement; Plimsoll reads the syntax of PostgreSQL 18",
    .docs = R"md(
The text is read with PostgreSQL's own grammar, so what is reported here is what the server would
report. Every other statement of the file is still analysed.

```sql
create table account (id bigint primary key);
alter table account add colum note text not null;
--                                 ^^^^ syntax-error: syntax error at or near "text"
create table invoice (id bigint primary key);
```

What only newer servers take is told by their version:

```sql
-- server: 18
repack account;
--^^^^^^^^^^^^ syntax-error: syntax error: REPACK came with PostgreSQL 19
```

psql's meta-commands, the data of `COPY … FROM stdin` and unfilled templates (`${schema}`,
`{{ table }}`, `:'name'`, `%(id)s`) are no errors:

```sql
\set ON_ERROR_STOP on
create table ${schema}.account (id bigint primary key);
copy account (id) from stdin;
1
2
\.
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (uint32_t m = 0; m < history.migrations().size(); ++m) {
            const Script& script = *history.migrations()[m].script;
            for (const Problem& problem : script.problems) {
              Report(m, Complaint::kWholeFile, problem, report);
            }
            for (uint32_t s = 0; s < script.statements.size(); ++s) {
              const std::optional<Problem>& problem = script.statements[s].problem;
              if (problem) Report(m, s, *problem, report);
              ReportOlder(history, m, s, report);
            }
          }
        },
};

}  // namespace plimsoll::rules
