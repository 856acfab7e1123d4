#include "keytool/opendkim/service_configuration.hpp"

#include <fmt/format.h>

#include <string>

#include "keytool/opendkim/unit_arguments.hpp"

namespace dkim::keytool::opendkim {
namespace {

constexpr std::string_view usual_configuration = "/etc/opendkim.conf";

ServiceConfiguration with_arguments(ConfFile conf, const UnitArguments& arguments) {
  conf.add_arguments(arguments.settings);
  return {std::move(conf), arguments.remarks};
}

ServiceConfiguration of_unit(const std::filesystem::path& unit, Sources& sources) {
  const auto arguments = read_unit(unit, sources);
  // Without -x, opendkim starts even if the usual file is missing.
  if (!arguments.names_configuration && sources.entry_at(arguments.configuration) == Sources::Entry::none)
    return with_arguments(ConfFile::without_file(unit, arguments.working_directory), arguments);
  return with_arguments(ConfFile::read(arguments.configuration, sources, arguments.working_directory),
                        arguments);
}

}  // namespace

ServiceConfiguration read_service_configuration(const std::filesystem::path& path, Sources& sources) {
  if (path.extension() == ".service") return of_unit(path, sources);
  const auto arguments = service_arguments(sources);
  const auto absolute = std::filesystem::absolute(path).lexically_normal();
  if (!arguments) return {ConfFile::read(path, sources), {}};
  if (arguments->configuration == absolute)
    return with_arguments(ConfFile::read(path, sources, arguments->working_directory), *arguments);
  ServiceConfiguration other{ConfFile::read(path, sources), {}};
  if (absolute == usual_configuration) {
    other.remarks.push_back(signed_otherwise(
        path.string(), fmt::format("the service opendkim does not read this file, but {} (-x in its unit): "
                                   "import that one",
                                   arguments->configuration.string())));
  }
  return other;
}

}  // namespace dkim::keytool::opendkim
