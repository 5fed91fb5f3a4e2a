# gclab_add_collector(NAME SOURCES file... [LINK library...])
#
# Makes the collector library gclab_collector_NAME and the trial program gclab-trial-NAME, which is that collector
# linked with every workload.  This line and the collector's folder are all that a collector needs.
function(gclab_add_collector name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  set(library gclab_collector_${name})
  add_library(${library} STATIC ${ARG_SOURCES})
  target_link_libraries(${library} PUBLIC ${ARG_LINK})
  set(trial gclab-trial-${name})
  add_executable(${trial} $<TARGET_OBJECTS:gclab_trial>)
  target_link_libraries(${trial} PRIVATE gclab_workloads ${library} gclab_collector_parts gclab_base gclab_trial_deps)
  set_target_properties(${trial} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
  if(GCLAB_LTO_WORKS)
    set_target_properties(${library} ${trial} PROPERTIES INTERPROCEDURAL_OPTIMIZATION ON)
  endif()
  install(TARGETS ${trial} RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/gclab)
  set_property(GLOBAL APPEND PROPERTY GCLAB_COLLECTORS ${name})
endfunction()
