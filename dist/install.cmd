@echo off
rem Copies the plugins into the folders of your user where DAWs look for them.
setlocal
set common=%LOCALAPPDATA%\Programs\Common
if not exist "%common%\CLAP" mkdir "%common%\CLAP"
copy /y "%~dp0Beatfield.clap" "%common%\CLAP\Beatfield.clap" >nul || goto failed
xcopy /e /i /y /q "%~dp0Beatfield.vst3" "%common%\VST3\Beatfield.vst3" >nul || goto failed
echo installed into %common%\CLAP and %common%\VST3
echo Let your DAW scan for plugins, then insert Beatfield as an instrument.
exit /b 0
:failed
echo Beatfield could not be copied; close the DAWs that use it and try again.
exit /b 1
