# What `cmake --install` installs besides the programs, which install themselves:
#
#   bin/gclab, libexec/gclab/            the command; the trial programs and what is missing
#   share/gclab/                         plots and plans
#   include/gclab/, lib/gclab/           the contract's headers; the libraries that a trial program is linked from
#   lib/cmake/gclab/                     find_package(gclab), which brings gclab_add_collector
#
# Libraries hold machine code beside the compiler's intermediate code, so that they serve with and without link-time
# optimisation.  Clang 14 cannot do so: its build of gclab serves Clang alone, which gclabConfig.cmake says.
include(CMakePackageConfigHelpers)

set(gclab_exported base collector_parts workloads script interpreter trial trial_deps)
if(GCLAB_MICRO)
  list(APPEND gclab_exported primitives micro gbench micro_deps)
endif()
foreach(part ${gclab_exported})
  add_library(gclab::${part} ALIAS gclab_${part})
  set_target_properties(gclab_${part} PROPERTIES EXPORT_NAME ${part})
  list(APPEND gclab_targets gclab_${part})
endforeach()

# Collectors elsewhere must see what these libraries were built with.
target_include_directories(gclab_base INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/gclab>)
target_compile_features(gclab_base INTERFACE $<INSTALL_INTERFACE:c_std_17>)
if(GCLAB_CHECKING)
  target_compile_definitions(gclab_base INTERFACE $<INSTALL_INTERFACE:GC_CHECKING=1>)
endif()
if(GCLAB_SANITIZE)
  target_compile_options(gclab_base INTERFACE $<INSTALL_INTERFACE:-fsanitize=${GCLAB_SANITIZE}>)
  target_link_options(gclab_base INTERFACE $<INSTALL_INTERFACE:-fsanitize=${GCLAB_SANITIZE}>)
endif()
if(GCLAB_LTO_WORKS AND CMAKE_C_COMPILER_ID STREQUAL "GNU")
  set(gclab_intermediate base collector_parts workloads)
  if(GCLAB_MICRO)
    list(APPEND gclab_intermediate primitives)
  endif()
  foreach(part ${gclab_intermediate})
    target_compile_options(gclab_${part} PRIVATE -ffat-lto-objects)
  endforeach()
endif()

install(TARGETS ${gclab_targets} EXPORT gclabTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}/gclab
  OBJECTS DESTINATION ${CMAKE_INSTALL_LIBDIR}/gclab)
install(EXPORT gclabTargets NAMESPACE gclab:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/gclab)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/gclabConfig.cmake.in
  ${CMAKE_BINARY_DIR}/cmake/gclabConfig.cmake INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/gclab)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/cmake/gclabConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES
  ${CMAKE_BINARY_DIR}/cmake/gclabConfig.cmake
  ${CMAKE_BINARY_DIR}/cmake/gclabConfigVersion.cmake
  ${CMAKE_CURRENT_LIST_DIR}/GclabCollector.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/gclab)

set(gclab_include ${CMAKE_INSTALL_INCLUDEDIR}/gclab)
file(GLOB gclab_contract CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/collectors/*.h)
install(FILES ${gclab_contract} DESTINATION ${gclab_include}/collectors)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/collectors/parts DESTINATION ${gclab_include}/collectors
  FILES_MATCHING PATTERN "*.h")
install(DIRECTORY ${PROJECT_SOURCE_DIR}/base ${PROJECT_BINARY_DIR}/include/base DESTINATION ${gclab_include}
  FILES_MATCHING PATTERN "*.h")
install(FILES ${PROJECT_SOURCE_DIR}/workloads/workload.h DESTINATION ${gclab_include}/workloads)

install(DIRECTORY ${PROJECT_SOURCE_DIR}/plots DESTINATION ${CMAKE_INSTALL_DATADIR}/gclab OPTIONAL)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/harness/plans DESTINATION ${CMAKE_INSTALL_DATADIR}/gclab OPTIONAL)
