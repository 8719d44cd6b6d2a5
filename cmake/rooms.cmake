# One library a room; a room links only what it may include (tests/architecture checks the includes).

# ridgeline_package(NAME [arguments of find_package]): finds a package now, and again for users of the installed
# library, which is static and so passes on what it links.
macro(ridgeline_package name)
  find_package(${name} ${ARGN} REQUIRED)
  string(JOIN " " _ridgeline_arguments ${name} ${ARGN})
  set_property(GLOBAL APPEND PROPERTY RIDGELINE_PACKAGES "${_ridgeline_arguments}")
endmacro()

# ridgeline_room(NAME SOURCES a.cpp ... [LINK public ...] [PRIVATE_LINK ...]): the library Ridgeline::NAME.
function(ridgeline_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;LINK;PRIVATE_LINK" ${ARGN})
  add_library(ridgeline_${name} STATIC ${ROOM_SOURCES})
  add_library(Ridgeline::${name} ALIAS ridgeline_${name})
  set_target_properties(ridgeline_${name} PROPERTIES EXPORT_NAME ${name} UNITY_BUILD ${RIDGELINE_UNITY}
                                                     UNITY_BUILD_BATCH_SIZE ${RIDGELINE_BATCH_SIZE})
  target_include_directories(ridgeline_${name} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>
                                                      $<INSTALL_INTERFACE:include/ridgeline>)
  target_compile_features(ridgeline_${name} PUBLIC cxx_std_20)
  ridgeline_warnings(ridgeline_${name})
  target_link_libraries(ridgeline_${name} PUBLIC ${ROOM_LINK} PRIVATE ${ROOM_PRIVATE_LINK})
  set_property(GLOBAL APPEND PROPERTY RIDGELINE_ROOMS ${name})
endfunction()
