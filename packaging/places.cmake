# Where files are installed, and where the programs, units and pages look for them. With Debian's values, everything that
# is installed is equal to the sources.
set(DKIMSIGND_POSTFIX_SPOOL /var/spool/postfix CACHE STRING "Postfix's queue_directory, in which the socket is")
set(DKIMSIGND_POSTFIX_GROUP postfix CACHE STRING "The group of Postfix's processes, which use the socket")

# Configuration and keys are in /etc if the programs go to the usual places, unless an absolute path was chosen. "etc" is
# GNUInstallDirs' default, which the cache of an older build directory has. A normal variable, so that another prefix later
# is not bound to it.
if(CMAKE_INSTALL_PREFIX MATCHES "^/usr(/local)?/?$" AND "${CMAKE_INSTALL_SYSCONFDIR}" MATCHES "^(etc)?$")
  set(CMAKE_INSTALL_SYSCONFDIR /etc)
endif()
include(GNUInstallDirs)
set(DKIMSIGND_CONFIG_DIR ${CMAKE_INSTALL_FULL_SYSCONFDIR}/dkimsignd)
message(STATUS "Configuration and keys: ${DKIMSIGND_CONFIG_DIR}")

# They go into units, pages and shell scripts as they are.
foreach(name CMAKE_INSTALL_FULL_SBINDIR CMAKE_INSTALL_FULL_DOCDIR DKIMSIGND_CONFIG_DIR DKIMSIGND_POSTFIX_SPOOL)
  if(NOT ${name} MATCHES "^/[A-Za-z0-9_./+~-]+$")
    message(FATAL_ERROR "${name} is \"${${name}}\": it must be an absolute path of letters, digits and any of _ . / + ~ -")
  endif()
endforeach()
if(NOT DKIMSIGND_POSTFIX_GROUP MATCHES "^[A-Za-z_][A-Za-z0-9_.-]*$")
  message(FATAL_ERROR "DKIMSIGND_POSTFIX_GROUP is \"${DKIMSIGND_POSTFIX_GROUP}\": it must be the name of a group")
endif()
