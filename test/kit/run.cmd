@echo off
rem Runs the kit of wakepoll. Nothing is installed; the report is written beside this file.
rem It takes a while; "run.cmd --quick" does a small part in a minute or two.
cd /d "%~dp0"
if not exist kit.exe (
    echo kit.exe is not beside run.cmd: please unpack the whole zip first.
    pause
    exit /b 2
)
kit.exe %*
set code=%errorlevel%
if exist report.html if "%~1"=="" start "" report.html
if "%~1"=="" pause
exit /b %code%
