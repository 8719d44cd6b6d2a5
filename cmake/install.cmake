# Installs the program, the rooms as libraries with their headers, the shipped data, and the files that
# find_package(Ridgeline) reads. Headers keep their rooms below include/ridgeline, so that "base/units.hpp" is written
# inside and outside alike; data keep theirs below share/ridgeline.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

get_property(rooms GLOBAL PROPERTY RIDGELINE_ROOMS)
foreach(room ${rooms})
  install(TARGETS ridgeline_${room} EXPORT RidgelineTargets)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/${room} DESTINATION include/ridgeline FILES_MATCHING PATTERN "*.hpp")
endforeach()
if(TARGET ridgeline)
  install(TARGETS ridgeline)
endif()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/hwdesc/devices ${PROJECT_SOURCE_DIR}/hwdesc/runtimes
        DESTINATION ${CMAKE_INSTALL_DATADIR}/ridgeline/hwdesc)
install(FILES ${PROJECT_SOURCE_DIR}/data/data_sheet_spread.yaml DESTINATION ${CMAKE_INSTALL_DATADIR}/ridgeline/data)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/data/calibrations DESTINATION ${CMAKE_INSTALL_DATADIR}/ridgeline/data)

install(DIRECTORY ${PROJECT_SOURCE_DIR}/third_party/echarts DESTINATION ${CMAKE_INSTALL_DATADIR}/ridgeline/third_party)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/app/html DESTINATION ${CMAKE_INSTALL_DATADIR}/ridgeline/app)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/Ridgeline)
install(EXPORT RidgelineTargets NAMESPACE Ridgeline:: DESTINATION ${package_folder})
get_property(packages GLOBAL PROPERTY RIDGELINE_PACKAGES)
list(TRANSFORM packages REPLACE "(.+)" "find_dependency(\\1)")
list(JOIN packages "\n" RIDGELINE_FIND_DEPENDENCIES)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/RidgelineConfig.cmake.in
                              ${PROJECT_BINARY_DIR}/RidgelineConfig.cmake INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/RidgelineConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/RidgelineConfig.cmake ${PROJECT_BINARY_DIR}/RidgelineConfigVersion.cmake
        DESTINATION ${package_folder})
