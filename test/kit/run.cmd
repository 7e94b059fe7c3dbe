@echo off
rem Runs the kit of wakepoll. Nothing is installed; the report is written beside this file.
rem It takes a while; "run.cmd --quick" does a small part in a minute or two.
rem pushd, because cd refuses a folder of the network.
pushd "%~dp0"
if not exist kit.exe (
    echo kit.exe is not beside run.cmd: please unpack the whole zip first.
    pause
    exit /b 2
)
rem What an earlier run has left is not this one's report.
if exist report.html del report.html
if exist report.txt del report.txt
kit.exe %*
set code=%errorlevel%
if exist report.html if "%~1"=="" start "" report.html
if not exist report.html echo There is no report. Please open an issue with what is written above.
if "%~1"=="" pause
popd
exit /b %code%
