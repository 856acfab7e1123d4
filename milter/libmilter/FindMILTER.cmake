# Finds libmilter, which has package configuration for neither CMake nor, outside Debian, pkg-config. In each place, the
# static library is taken before the shared one: only in that can milter/libmilter replace what it has to.
#
# Honours MILTER_ROOT and CMAKE_PREFIX_PATH; MILTER_LIBRARY and MILTER_INCLUDE_DIR name the files themselves.
find_package(PkgConfig QUIET)
if(PKG_CONFIG_FOUND)
  pkg_check_modules(MILTER_PC QUIET milter)
endif()
# pkg-config names the directory of mfapi.h itself, but Sendmail's own documents include <libmilter/mfapi.h>.
find_path(MILTER_INCLUDE_DIR libmilter/mfapi.h HINTS ${MILTER_PC_INCLUDEDIR} ${MILTER_PC_INCLUDEDIR}/..
          DOC "The directory that has libmilter/mfapi.h")
find_library(MILTER_LIBRARY NAMES libmilter.a milter NAMES_PER_DIR HINTS ${MILTER_PC_LIBDIR}
             PATH_SUFFIXES libmilter DOC "libmilter, better static than shared")
mark_as_advanced(MILTER_INCLUDE_DIR MILTER_LIBRARY)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(MILTER REQUIRED_VARS MILTER_LIBRARY MILTER_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "Install the development files of Sendmail's libmilter, or set MILTER_ROOT.")
